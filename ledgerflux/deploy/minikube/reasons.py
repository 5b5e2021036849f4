"""Why a workload is not ready, from what the cluster says of it, its pods and its events."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

Object = dict[str, Any]

_IMAGE = ("ImagePullBackOff", "ErrImagePull", "ErrImageNeverPull", "InvalidImageName")
_CONFIG = ("CreateContainerConfigError", "CreateContainerError", "RunContainerError")


class Reason(NamedTuple):
    """Why something is not ready.

    Attributes:
        code: A short word for it, the cluster's own where it has one.
        text: One line for people.
        pod: Whose last log lines tell more; empty where none do.
        fix: A command that mends it; empty where there is none.
    """

    code: str
    text: str
    pod: str = ""
    fix: str = ""


class Workload(NamedTuple):
    """A workload as it is: pods ready and wanted, and why it is not done yet."""

    name: str
    ready: int
    wanted: int
    done: bool
    reasons: tuple[Reason, ...] = ()

    def line(self) -> str:
        """Return it in one line."""
        return f"{self.name} {self.ready}/{self.wanted}"


def look(workload: Object, pods: Sequence[Object], events: Sequence[Object]) -> Workload:
    """Return how `workload` is; `pods` and `events` are all those of its namespace."""
    name = f"{workload['kind'].lower()}/{workload['metadata']['name']}"
    wanted = int(workload["spec"].get("replicas", 1))
    status = workload.get("status") or {}
    done = _is_done(workload, wanted)
    mine = [pod for pod in pods if _selects(workload, pod)]
    reasons = () if done else tuple(_reasons(workload, mine, events))
    return Workload(name, int(status.get("readyReplicas") or 0), wanted, done, reasons)


def _is_done(workload: Object, wanted: int) -> bool:
    """Say whether all pods are of the newest revision and ready, as `rollout status` has it."""
    status = workload.get("status") or {}
    seen = int(status.get("observedGeneration") or 0)
    if seen < int(workload["metadata"].get("generation") or 0):
        return False
    fresh = int(status.get("updatedReplicas") or 0) >= wanted
    if workload["kind"] == "StatefulSet" and wanted:
        fresh = fresh and status.get("currentRevision") == status.get("updateRevision")
    return fresh and int(status.get("readyReplicas") or 0) >= wanted


def _selects(workload: Object, pod: Object) -> bool:
    wanted = workload["spec"]["selector"].get("matchLabels") or {}
    labels = pod["metadata"].get("labels") or {}
    return all(labels.get(key) == value for key, value in wanted.items())


def _reasons(workload: Object, pods: list[Object], events: Sequence[Object]) -> Iterable[Reason]:
    if stuck := stuck_rollout(workload, pods):
        yield stuck
    yield from dict.fromkeys(reason for pod in pods for reason in pod_reasons(pod))
    yield from refused(workload, events)


def stuck_rollout(workload: Object, pods: Sequence[Object]) -> Reason | None:
    """Return that a StatefulSet waits for a pod of a broken revision, None where it does not.

    The controller replaces one pod at a time and never takes back one that fails: a good
    revision after a bad one waits behind it for ever.
    """
    status = workload.get("status") or {}
    newest = status.get("updateRevision")
    if workload["kind"] != "StatefulSet" or newest in (None, status.get("currentRevision")):
        return None
    for pod in pods:
        revision = (pod["metadata"].get("labels") or {}).get("controller-revision-hash")
        if revision != newest and not _is_ready(pod) and any(pod_reasons(pod)):
            name = pod["metadata"]["name"]
            return Reason(
                "StuckRollout",
                f"the rollout waits for {name}, which is of an older revision and never gets ready",
                fix=f"kubectl --context CONTEXT -n ledgerflux delete pod {name}",
            )
    return None


def pod_reasons(pod: Object) -> Iterable[Reason]:
    """Yield why a pod is not ready."""
    name = pod["metadata"]["name"]
    status = pod.get("status") or {}
    for condition in status.get("conditions") or ():
        if condition.get("type") == "PodScheduled" and condition.get("status") == "False":
            yield Reason("Unschedulable", f"{name}: {condition.get('message', 'no node takes it')}")
    for part in ("initContainerStatuses", "containerStatuses"):
        for container in status.get(part) or ():
            yield from _container_reasons(name, container)


def _container_reasons(pod: str, container: Object) -> Iterable[Reason]:
    waiting = (container.get("state") or {}).get("waiting") or {}
    code, message = waiting.get("reason", ""), waiting.get("message", "")
    if code in _IMAGE:
        image = container.get("image", "")
        yield Reason(code, f"{pod}: the image {image} can't be had: {message or code}")
    elif code == "CrashLoopBackOff":
        ended = (container.get("lastState") or {}).get("terminated") or {}
        how = f"exit code {ended.get('exitCode')}" if ended else "unknown"
        why = " (out of memory)" if ended.get("reason") == "OOMKilled" else ""
        times = container.get("restartCount", 0)
        yield Reason(code, f"{pod}: ends again and again, {times} times, {how}{why}", pod=pod)
    elif code in _CONFIG:
        yield Reason(code, f"{pod}: {message or code}")
    elif "running" in (container.get("state") or {}) and not container.get("ready"):
        yield Reason("NotReady", f"{pod}: runs, and its readiness probe fails", pod=pod)


def _is_ready(pod: Object) -> bool:
    conditions = (pod.get("status") or {}).get("conditions") or ()
    return any(one.get("type") == "Ready" and one.get("status") == "True" for one in conditions)


def refused(workload: Object, events: Sequence[Object]) -> Iterable[Reason]:
    """Yield why no pod could be made: a quota, or the namespace's rules."""
    owner = workload["metadata"]["name"]
    for event in events:
        about = event.get("involvedObject") or {}
        mine = about.get("name") == owner or str(about.get("name", "")).startswith(f"{owner}-")
        if mine and event.get("reason") == "FailedCreate":
            message = event.get("message", "")
            code = "QuotaExceeded" if "exceeded quota" in message else "FailedCreate"
            yield Reason(code, f"{owner}: no pod can be made: {message}")
