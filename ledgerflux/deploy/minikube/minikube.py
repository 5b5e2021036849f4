"""The program minikube, for our one profile."""

from collections.abc import Callable

from ledgerflux.deploy.minikube.advice import advice_for
from ledgerflux.deploy.minikube.cloud_events import Progress, last_trouble, read_event
from ledgerflux.deploy.minikube.commands import build_argv, images_argv, start_argv
from ledgerflux.deploy.minikube.profiles import Profile, has_image, is_running, parse_profiles
from ledgerflux.deploy.minikube.wish import PROFILE, Wish
from ledgerflux.deploy.programs import follow, needed, run
from ledgerflux.errors import MissingDependency, StackError

GET = "https://minikube.sigs.k8s.io/docs/start/"
Tell = Callable[[str], None]


class Minikube:
    """minikube for our profile.

    Raises:
        MissingDependency: There is no minikube.
    """

    def __init__(self) -> None:
        self._program = needed("minikube", GET)

    def profile(self) -> Profile | None:
        """Return our profile, None where there is none."""
        return parse_profiles(self._out("profile", "list", "-o", "json"))

    def is_running(self) -> bool:
        """Say whether our cluster runs whole."""
        return is_running(self._out("-p", PROFILE, "status", "-o", "json"))

    def start(self, wish: Wish, tell: Tell) -> None:
        """Make or start the cluster; `tell` hears what minikube is at.

        Raises:
            MissingDependency: The machine lacks something (`missing_dependency`).
            StackError: It can't be made (`cluster_failed`).
        """
        outcome = follow(self._argv(start_argv(wish)), lambda line: _tell(line, tell))
        if outcome.code == 0:
            return
        trouble = last_trouble(outcome.out.splitlines())
        advice = advice_for(trouble.error_id, trouble.message, outcome.code)
        name = f" ({trouble.error_id})" if trouble.error_id else ""
        message = f"minikube could not start the cluster: {advice.why}{name}"
        if advice.lacks:
            raise MissingDependency(message, try_next=advice.try_next)
        raise StackError(message, code="cluster_failed", try_next=advice.try_next)

    def has_image(self, name: str) -> bool:
        """Say whether the image `name:tag` is in the cluster."""
        return has_image(self._out(*images_argv()[1:]), name)

    def build(self, name: str, root: str, tell: Tell) -> None:
        """Build the image `name:tag` in the cluster, and see that it is there.

        The exit code is no proof: a build that failed ends with 0.

        Raises:
            StackError: It is not there (`image_failed`).
        """
        outcome = follow(self._argv(build_argv(name, root)), tell)
        if outcome.code == 0 and self.has_image(name):
            return
        last = "".join(f"\n    {line}" for line in outcome.out.splitlines()[-8:])
        raise StackError(
            f"the image {name} was built and is not in the cluster "
            f"(minikube ended with {outcome.code}):{last}",
            code="image_failed",
            try_next=[f"docker build {root}", "lf up --target minikube"],
        )

    def delete(self) -> None:
        """Delete our cluster.

        Raises:
            StackError: It can't be deleted (`cluster_failed`).
        """
        outcome = run([self._program, "delete", "-p", PROFILE], timeout_s=300)
        if outcome.code != 0:
            raise StackError(
                f"minikube could not delete the cluster: {outcome.err.strip()}",
                code="cluster_failed",
                try_next=[f"minikube delete -p {PROFILE}"],
            )

    def _argv(self, argv: tuple[str, ...]) -> list[str]:
        return [self._program, *argv[1:]]

    def _out(self, *args: str) -> str:
        return run([self._program, *args]).out


def _tell(line: str, tell: Tell) -> None:
    event = read_event(line)
    if isinstance(event, Progress) and event.text:
        tell(event.text if event.percent is None else f"{event.text} {event.percent} %")
