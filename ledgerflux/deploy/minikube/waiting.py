"""Waits until the workloads of a wave are ready, and says why they are not."""

import time
from collections.abc import Callable, Sequence

from ledgerflux.deploy.minikube.kubectl import Kubectl, Object
from ledgerflux.deploy.minikube.reasons import Reason, Workload, look
from ledgerflux.deploy.minikube.waves import Wave
from ledgerflux.errors import Timeout

POLL_S = 0.25
TAIL_LINES = 20
Tell = Callable[[str], None]

SEEN_KINDS = "statefulsets,deployments,pods,events"


class Waiter:
    """Looks at one namespace through `kubectl`; `tell` hears each change once."""

    def __init__(self, kubectl: Kubectl, tell: Tell) -> None:
        self._kubectl = kubectl
        self._tell = tell
        self._told: set[str] = set()

    def wait(self, wave: Wave, timeout_s: float) -> None:
        """Return once all workloads of `wave` are ready.

        Raises:
            Timeout: One is not, with the reason that the cluster gives (`start_timeout`).
        """
        deadline = time.monotonic() + timeout_s
        while wave.workloads:
            late = [one for one in self._look(wave.workloads) if not one.done]
            if not late:
                return
            if time.monotonic() > deadline:
                raise self._given_up(wave, late, timeout_s)
            time.sleep(POLL_S)

    def _look(self, names: Sequence[str]) -> list[Workload]:
        seen = workloads_of(self._kubectl.get(SEEN_KINDS))
        found = [one for one in seen if one.name in names]
        for one in found:
            self._once(one.line() + (" ready" if one.done else ""))
            for reason in one.reasons:
                self._once(f"{one.name}: {reason.text}")
        missing = set(names) - {one.name for one in found}
        return found + [Workload(name, 0, 1, done=False) for name in sorted(missing)]

    def _once(self, text: str) -> None:
        if text not in self._told:
            self._told.add(text)
            self._tell(text)

    def _given_up(self, wave: Wave, late: list[Workload], timeout_s: float) -> Timeout:
        reasons = [reason for one in late for reason in one.reasons]
        told = "".join(self._paragraph(reason) for reason in reasons)
        names = ", ".join(one.line() for one in late)
        fixes = [one.fix.replace("CONTEXT", self._kubectl.context) for one in reasons if one.fix]
        return Timeout(
            f"not ready within {timeout_s:.0f} s (wave {wave.name}): {names}{told}",
            code="start_timeout",
            try_next=[*dict.fromkeys(fixes), "lf status --target minikube", _AGAIN],
        )

    def _paragraph(self, reason: Reason) -> str:
        lines = self._kubectl.tail(reason.pod, TAIL_LINES) if reason.pod else []
        return f"\n    {reason.code}: {reason.text}" + "".join(f"\n      | {one}" for one in lines)


_AGAIN = "lf up --target minikube  # goes on where this one stopped"


def workloads_of(objects: Sequence[Object]) -> list[Workload]:
    """Return how the workloads among `objects` are, judged with the pods and events there."""
    kinds: dict[str, list[Object]] = {}
    for one in objects:
        kinds.setdefault(one["kind"], []).append(one)
    pods, events = kinds.get("Pod", []), kinds.get("Event", [])
    found = kinds.get("StatefulSet", []) + kinds.get("Deployment", [])
    return [look(one, pods, events) for one in found]
