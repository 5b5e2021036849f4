"""`lf down --target minikube`: forwards and workloads go; claims and secrets stay unless asked."""

from typing import NamedTuple

from ledgerflux.deploy.minikube.kubectl import Kubectl
from ledgerflux.deploy.minikube.made import forget_made, was_made
from ledgerflux.deploy.minikube.minikube import Minikube
from ledgerflux.deploy.minikube.wish import PROFILE, Wish
from ledgerflux.errors import Conflict
from ledgerflux.stack.down import stop_stack
from ledgerflux.stack.run_dir import RunDir

WORKLOADS = "statefulsets,deployments,horizontalpodautoscalers,services,poddisruptionbudgets"


class Ended(NamedTuple):
    """What was done: objects deleted by kubectl's words, claims too, the cluster too."""

    was_running: bool
    deleted: list[str]
    volumes_deleted: bool
    cluster_deleted: bool


def end(run_dir: RunDir, wish: Wish, *, volumes: bool, cluster: bool) -> Ended:
    """Stop the forwards and delete the workloads.

    Args:
        run_dir: Where the forwarder's `run.json` lies.
        wish: Which cluster.
        volumes: Delete the namespace, with claims and secrets, too.
        cluster: Delete the cluster, which must be one that `lf` made for this directory.

    Raises:
        Conflict: The cluster is not ours to delete.
        NotRunning: The cluster does not answer.
    """
    if cluster:
        _require_ours(run_dir, wish)
    stopped = stop_stack(run_dir)
    if cluster:
        Minikube().delete()
        forget_made(run_dir)
        return Ended(stopped.was_running, [f"cluster {PROFILE}"], True, True)
    kubectl = Kubectl(wish.kube_context)
    deleted = kubectl.delete_namespace() if volumes else kubectl.delete_of_ours(WORKLOADS)
    return Ended(stopped.was_running, deleted, volumes, False)


def _require_ours(run_dir: RunDir, wish: Wish) -> None:
    if not wish.ours or not was_made(run_dir):
        raise Conflict(
            f"the cluster of {wish.kube_context} was not made by lf up in {run_dir.path}: "
            "it is not deleted",
            code="not_ours",
            try_next=[f"minikube delete -p {wish.kube_context}"],
        )
