"""What `--target minikube` of up, down, status, logs and doctor prints, and ends with."""

from typing import TYPE_CHECKING, Any

from ledgerflux.errors import GatewayError, NotRunning
from ledgerflux_cli.commands.down import SCHEMA as DOWN_SCHEMA
from ledgerflux_cli.deploy_view import print_plan, teller
from ledgerflux_cli.output import write, write_json

if TYPE_CHECKING:
    from ledgerflux.deploy.log_wish import LogWish
    from ledgerflux.deploy.minikube.deployment import Result
    from ledgerflux.deploy.minikube.wish import Wish
    from ledgerflux.stack.run_dir import RunDir

UP_SCHEMA = "lf.deployed/1"
EXITS = {"healthy": 0, "degraded": 10, "down": 3}


def wish_of(
    profile: str = "minikube",
    kube_context: str | None = None,
    yes: bool = False,
    cni: str = "",
    no_monitoring: bool = False,
    grafana_password: str | None = None,
    port: int | None = None,
) -> "Wish":
    """Return what was asked for.

    Raises:
        ConfigError: There is no such profile, or nobody agreed to another context.
    """
    from ledgerflux.deploy.minikube.wish import PROFILE, Wish, checked

    return checked(
        Wish(
            profile=profile,
            kube_context=kube_context or PROFILE,
            yes=yes,
            cni=cni,
            monitoring=not no_monitoring,
            grafana_password=grafana_password,
            port=port,
        )
    )


def up(
    run_dir: "RunDir", wish: "Wish", *, dry_run: bool, timeout_s: float | None, as_json: bool
) -> int:
    """Deploy, or print the plan.

    Raises:
        LedgerFluxError: A step failed; the next `up` goes on from there.
    """
    from ledgerflux.deploy.checkout import checkout
    from ledgerflux.deploy.image_tag import image_tag
    from ledgerflux.deploy.minikube.deployment import DEFAULT_TIMEOUT_S, Deployment
    from ledgerflux.deploy.minikube.dry_run import dry_run as planned

    root = checkout()
    tag = image_tag(root)
    timeout_s = timeout_s or DEFAULT_TIMEOUT_S
    if dry_run:
        print_plan(planned(wish, root, tag, timeout_s), as_json=as_json)
        return 0
    result = Deployment(wish, run_dir, root, tag, teller(as_json=as_json), timeout_s).up()
    if as_json:
        write_json(deployed_document(result))
    else:
        _print_result(result)
    return 0


def deployed_document(result: "Result") -> dict[str, Any]:
    """Return `lf.deployed/1`."""
    proof = result.proof
    return {
        "schema": UP_SCHEMA,
        "target": "minikube",
        "context": result.state.request["kube_context"],
        "image_tag": result.tag,
        "changed": list(result.changed),
        "urls": urls_of(result.state.request),
        "proof": {
            "product": proof.product,
            "increments": proof.increments,
            "p95_ms": round(proof.p95_ms, 3),
            "durable": proof.durable,
            "source": proof.source,
        },
    }


def _print_result(result: "Result") -> None:
    count = len(result.changed)
    write(f"up: {count} objects changed" if count else "up: nothing was changed")
    for name, url in urls_of(result.state.request).items():
        write(f"  {name:<10} {url}")
    write(f"  {result.proof.line()}")
    write("stop it with: lf down --target minikube")


def urls_of(request: dict[str, Any]) -> dict[str, str]:
    """Return the addresses on this machine, by service."""
    ports: dict[str, int] = request.get("ports") or {}
    return {name: f"http://127.0.0.1:{port}" for name, port in ports.items()}


def login_of(request: dict[str, Any]) -> dict[str, str] | None:
    """Return user and password of the Grafana of a deployment, None for other targets.

    Raises:
        LedgerFluxError: The cluster does not answer, or has no Grafana.
    """
    if request.get("target") != "minikube":
        return None
    from ledgerflux.deploy.minikube.kubectl import Kubectl
    from ledgerflux.deploy.minikube.secrets_once import grafana_login

    user, password = grafana_login(Kubectl(request["kube_context"]))
    return {"user": user, "password": password}


def down(run_dir: "RunDir", wish: "Wish", *, volumes: bool, cluster: bool, as_json: bool) -> int:
    """Stop forwards, delete workloads; volumes and cluster where asked.

    Raises:
        LedgerFluxError: The cluster does not answer, or is not ours to delete.
    """
    from ledgerflux.deploy.minikube.ending import end

    ended = end(run_dir, wish, volumes=volumes, cluster=cluster)
    if as_json:
        document = {"schema": DOWN_SCHEMA, "target": "minikube", "data_dir": str(run_dir.path)}
        write_json({**document, **ended._asdict()})
        return 0
    for line in ended.deleted:
        write(line)
    if not ended.deleted and not ended.was_running:
        write(f"nothing runs in {wish.kube_context}")
    elif not ended.volumes_deleted:
        write("claims and secrets are kept: lf up --target minikube goes on with them")
    return 0


def status(run_dir: "RunDir", wish: "Wish", *, as_json: bool) -> int:
    """Say how workloads, image and stack are.

    Raises:
        LedgerFluxError: The cluster does not answer.
    """
    from ledgerflux.deploy.minikube.condition import lines

    document = _condition(run_dir, wish)
    if as_json:
        write_json(document)
    else:
        for line in lines(document):
            write(line)
    return EXITS[document["state"]]


def _condition(run_dir: "RunDir", wish: "Wish") -> dict[str, Any]:
    from ledgerflux.deploy.minikube.condition import condition
    from ledgerflux.deploy.minikube.kubectl import Kubectl
    from ledgerflux.deploy.minikube.waiting import SEEN_KINDS

    kubectl = Kubectl(wish.kube_context)
    objects = kubectl.get(f"{SEEN_KINDS},networkpolicies")
    system = kubectl.get("pods", namespace="kube-system")
    state = run_dir.read() if run_dir.holder() is not None else None
    urls = {} if state is None else urls_of(state.request)
    stack = None if state is None or state.gateway is None else _stack(state.gateway.http)
    return condition(wish.kube_context, objects, system, _tree_tag(), urls, stack)


def _stack(url: str) -> dict[str, Any] | None:
    from ledgerflux_cli.gateway_http import get_status

    try:
        return get_status(url)
    except GatewayError:
        return None


def _tree_tag() -> str | None:
    from ledgerflux.deploy.checkout import checkout
    from ledgerflux.deploy.image_tag import image_tag
    from ledgerflux.errors import MissingDependency

    try:
        return image_tag(checkout())
    except MissingDependency:
        return None


def logs(wish: "Wish", lines: "LogWish") -> int:
    """Print the pods' logs, each line with its pod; return kubectl's verdict.

    Raises:
        NotRunning: kubectl can't read them.
    """
    from ledgerflux.deploy.minikube.kubectl import Kubectl
    from ledgerflux.deploy.programs import follow as stream

    argv = Kubectl(wish.kube_context).logs_argv(lines)
    outcome = stream(argv, write)
    if outcome.code != 0:
        raise NotRunning(
            f"the logs of {wish.kube_context} can't be read",
            try_next=["lf status --target minikube"],
        )
    return 0


def doctor(run_dir: "RunDir", wish: "Wish", *, as_json: bool) -> int:
    """Look at what the machine has for a cluster; return the exit code."""
    from ledgerflux.deploy.minikube.preflight import look
    from ledgerflux_cli.commands.doctor import code_of, told

    return code_of(told(run_dir, look(wish, run_dir), "minikube", as_json=as_json))
