"""`lf up --target minikube`: eight steps, each of which may find its work done already."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from ledgerflux.deploy.minikube import preflight, secrets_once
from ledgerflux.deploy.minikube.changes import changed
from ledgerflux.deploy.minikube.checking import require_sound
from ledgerflux.deploy.minikube.kubectl import Kubectl
from ledgerflux.deploy.minikube.made import remember_made
from ledgerflux.deploy.minikube.minikube import Minikube
from ledgerflux.deploy.minikube.planning import Seen, cluster_step, image_step
from ledgerflux.deploy.minikube.profiles import misfit
from ledgerflux.deploy.minikube.reaching import answers, request_of, start_forwarder
from ledgerflux.deploy.minikube.rendering import parsed, rendered
from ledgerflux.deploy.minikube.services import forwards_of
from ledgerflux.deploy.minikube.waiting import Waiter
from ledgerflux.deploy.minikube.waves import Wave, waves_of
from ledgerflux.deploy.minikube.wish import IMAGE, Wish
from ledgerflux.deploy.ports import take_port
from ledgerflux.deploy.programs import needed
from ledgerflux.deploy.proving import Proof, prove
from ledgerflux.errors import Conflict
from ledgerflux.stack.down import stop_stack
from ledgerflux.stack.run_dir import RunDir, RunState

DEFAULT_TIMEOUT_S = 300.0
PROVE_TIMEOUT_S = 30.0
Tell = Callable[[str, str], None]
"""Hears the name of a step, and a line about it."""


class Result(NamedTuple):
    """What came of it: what `run.json` holds, the image, what was changed, what a client saw."""

    state: RunState
    tag: str
    changed: tuple[str, ...]
    proof: Proof


class Deployment:
    """One `lf up --target minikube`.

    Ended at any point, it leaves what the next one goes on with: a cluster that runs is
    started no more, an image that is there is built no more, objects that are as they should
    be stay as they are.

    Args:
        wish: What was asked for, checked.
        run_dir: Where `run.json` and the temporary overlay lie.
        root: The checkout.
        tag: Of the image that the checkout makes.
        tell: Hears how it goes.
        timeout_s: How long each wave may take.
    """

    def __init__(
        self, wish: Wish, run_dir: RunDir, root: Path, tag: str, tell: Tell, timeout_s: float
    ) -> None:
        self._wish = wish
        self._run_dir = run_dir
        self._root = root
        self._tag = tag
        self._tell = tell
        self._timeout_s = timeout_s

    def up(self) -> Result:
        """Do all steps.

        Raises:
            LedgerFluxError: One of them failed; the next `up` goes on from there.
        """
        self._refuse_another()
        self._preflight()
        self._run_dir.claim()
        if self._wish.ours:
            self._cluster_and_image()
        waves = self._render()
        touched = self._apply(waves)
        state = self._reach(waves)
        return Result(state, self._tag, tuple(touched), self._prove(state))

    def _preflight(self) -> None:
        findings = []
        for one in preflight.look(self._wish, self._run_dir):
            findings.append(one)
            self._tell("preflight", f"{one.result} {one.name}: {one.finding}")
        preflight.require(findings)

    def _cluster_and_image(self) -> None:
        minikube = Minikube()
        seen = see(minikube, self._wish, self._tag, self._root)
        step = cluster_step(self._wish, seen)
        if step.skipped:
            self._tell("cluster", step.skipped)
        else:
            if seen.profile is None:
                remember_made(self._run_dir)
            minikube.start(self._wish, lambda text: self._tell("cluster", text))
            seen = see(minikube, self._wish, self._tag, self._root)
        step = image_step(self._wish, seen)
        if step.skipped:
            self._tell("image", f"{IMAGE}:{self._tag}: {step.skipped}")
        else:
            name = f"{IMAGE}:{self._tag}"
            minikube.build(name, str(self._root), lambda text: self._tell("image", text))
            self._tell("image", f"{name} is in the cluster")

    def _render(self) -> list[Wave]:
        folder = self._run_dir.path / "render"
        objects = parsed(rendered(self._root, self._wish.profile, self._tag, folder))
        waves = waves_of(objects, monitoring=self._wish.monitoring)
        kept = [one for wave in waves for one in wave.objects]
        require_sound(kept, self._wish.profile)
        self._tell("render", f"{len(kept)} objects of {self._wish.profile}, sound")
        return waves

    def _apply(self, waves: list[Wave]) -> list[str]:
        """Apply each wave, and wait for it before the next; return what was changed."""
        kubectl = Kubectl(self._wish.kube_context)
        waiter = Waiter(kubectl, lambda text: self._tell("wait", text))
        touched: list[str] = []
        for wave in waves:
            if wave.name == "config":
                touched += self._secrets(kubectl)
            found = changed(kubectl.matching(wave.objects), kubectl.apply(wave.objects))
            self._tell("apply", f"{wave.name}: {len(wave.objects)} objects, {len(found)} changed")
            touched += found
            waiter.wait(wave, self._timeout_s)
        return touched

    def _secrets(self, kubectl: Kubectl) -> list[str]:
        tell = self._tell
        password = self._wish.grafana_password
        return secrets_once.ensure(kubectl, password, lambda text: tell("apply", text))

    def _reach(self, waves: list[Wave]) -> RunState:
        state = self._run_dir.read() if self._run_dir.holder() is not None else None
        if state is not None:
            if state.request.get("image_tag") == self._tag and answers(state):
                self._tell("reach", "ports are forwarded already")
                return state
            stop_stack(self._run_dir)
        services = {
            one["metadata"]["name"]
            for wave in waves
            for one in wave.objects
            if one["kind"] == "Service"
        }
        forwards = forwards_of(self._wish, services, take_port)
        program = needed("kubectl", "")
        asked: dict[str, Any] = {"profile": self._wish.profile, "image_tag": self._tag}
        order = request_of(program, self._wish.kube_context, forwards, **asked)
        state = start_forwarder(self._run_dir, order)
        for one in forwards:
            self._tell("reach", f"{one.service} at http://127.0.0.1:{one.local}")
        return state

    def _refuse_another(self) -> None:
        """See that nothing else holds the data directory.

        Raises:
            Conflict: Another stack does.
        """
        pid, state = self._run_dir.holder(), self._run_dir.read()
        if pid is not None and (state is None or not is_forwarder(state, self._wish)):
            raise Conflict(
                f"another stack runs in {self._run_dir.path} (pid {pid})",
                try_next=["lf down", "lf up --target minikube --data-dir ANOTHER_DIR"],
            )

    def _prove(self, state: RunState) -> Proof:
        assert state.gateway is not None
        proof = prove(state.gateway.http, timeout_s=PROVE_TIMEOUT_S)
        self._tell("prove", proof.line())
        return proof


def is_forwarder(state: RunState, wish: Wish) -> bool:
    """Say whether a state is that of a forwarder to the cluster that is wanted."""
    asked = state.request
    return asked.get("target") == "minikube" and asked.get("kube_context") == wish.kube_context


def see(minikube: Minikube, wish: Wish, tag: str, root: Path) -> Seen:
    """Return what there is of our cluster; changes nothing.

    Raises:
        Conflict: There is a cluster of ours that does not fit what is wanted.
    """
    profile = minikube.profile()
    if profile is not None and (why := misfit(profile, wish.size)):
        raise Conflict(
            f"the cluster does not fit --profile {wish.profile}: {why}, and minikube can't "
            "change an existing one",
            code="cluster_misfit",
            try_next=["lf down --target minikube --cluster", "lf up --target minikube"],
        )
    running = profile is not None and minikube.is_running()
    has_image = running and minikube.has_image(f"{IMAGE}:{tag}")
    return Seen(profile, running, tag, has_image, str(root))
