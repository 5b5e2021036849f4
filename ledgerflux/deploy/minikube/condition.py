"""`lf status --target minikube`: the cluster's side of a stack, as one document."""

from collections.abc import Sequence
from typing import Any

from ledgerflux.deploy.minikube.reasons import Object, Workload
from ledgerflux.deploy.minikube.waiting import workloads_of
from ledgerflux.deploy.minikube.wish import IMAGE

SCHEMA = "lf.cluster/1"
ENFORCING = ("calico", "cilium", "antrea", "weave")


def condition(
    context: str,
    objects: Sequence[Object],
    nodes_pods: Sequence[Object],
    tag: str | None,
    urls: dict[str, str],
    stack: dict[str, Any] | None,
) -> dict[str, Any]:
    """Return `lf.cluster/1`.

    Args:
        context: Which cluster.
        objects: Workloads, pods, events and network policies of our namespace.
        nodes_pods: Pods of `kube-system`, among them the network's.
        tag: Of the image this checkout makes; None where this is no checkout.
        urls: Addresses on this machine.
        stack: `lf.status/1` of the gateway, None where it does not answer.
    """
    workloads = workloads_of(objects)
    running = image_tags(objects)
    problems = problems_of(workloads, stack)
    return {
        "schema": SCHEMA,
        "state": state_of(workloads, problems),
        "context": context,
        "workloads": [_document(one) for one in workloads],
        "image": {
            "running": running,
            "tree": tag,
            "same": tag and running == [tag],
        },
        "network_policies": enforced(objects, nodes_pods),
        "urls": urls,
        "stack": stack,
        "problems": problems,
    }


def state_of(workloads: Sequence[Workload], problems: Sequence[str]) -> str:
    """Return `down`, `degraded` or `healthy`."""
    if not workloads:
        return "down"
    return "degraded" if problems else "healthy"


def problems_of(workloads: Sequence[Workload], stack: dict[str, Any] | None) -> list[str]:
    """Return what is wrong, a line each."""
    problems = []
    for one in workloads:
        if not one.done:
            problems.append(f"{one.line()} ready")
            problems += [reason.text for reason in one.reasons]
    if workloads and stack is None:
        problems.append("the gateway does not answer")
    elif stack is not None:
        problems += [str(text) for text in stack.get("problems") or ()]
    return problems


def image_tags(objects: Sequence[Object]) -> list[str]:
    """Return the tags of our image that workloads name, sorted."""
    found = set()
    for one in objects:
        if one["kind"] in ("StatefulSet", "Deployment"):
            for container in one["spec"]["template"]["spec"]["containers"]:
                name, _, tag = container["image"].rpartition(":")
                if name.rpartition("/")[2] == IMAGE:
                    found.add(tag)
    return sorted(found)


def enforced(objects: Sequence[Object], system_pods: Sequence[Object]) -> str:
    """Return how network policies stand: `none`, `enforced by NAME` or `not enforced by this CNI`.

    A cluster takes policies whether or not its network knows of them.
    """
    if not any(one["kind"] == "NetworkPolicy" for one in objects):
        return "none"
    names = [str(pod["metadata"]["name"]) for pod in system_pods]
    for network in ENFORCING:
        if any(name.startswith(network) for name in names):
            return f"enforced by {network}"
    return "not enforced by this CNI"


def lines(document: dict[str, Any]) -> list[str]:
    """Return the document for people."""
    image = document["image"]
    tree = {True: "as this tree", False: f"this tree: {image['tree']}", None: "no tree here"}
    told = [
        f"cluster {document['context']}: {document['state']}",
        *(_line(one) for one in document["workloads"]),
        f"image: {', '.join(image['running']) or 'none'} ({tree[image['same']]})",
        f"network policies: {document['network_policies']}",
        *(f"{name}: {url}" for name, url in document["urls"].items()),
    ]
    return told + [f"problem: {text}" for text in document["problems"]]


def _line(workload: dict[str, Any]) -> str:
    state = "ready" if workload["done"] else "not ready"
    return f"  {workload['name']:<28} {workload['ready']}/{workload['wanted']} {state}"


def _document(one: Workload) -> dict[str, Any]:
    return {
        "name": one.name,
        "ready": one.ready,
        "wanted": one.wanted,
        "done": one.done,
        "reasons": [{"code": why.code, "text": why.text} for why in one.reasons],
    }
