"""The command lines of a deployment: the plan prints the same ones that are run."""

from ledgerflux.deploy.minikube.quantities import gigabytes
from ledgerflux.deploy.minikube.wish import (
    FIELD_MANAGER,
    KUBERNETES_VERSION,
    NAMESPACE,
    PROFILE,
    RUNTIME,
    Wish,
)

Argv = tuple[str, ...]


def _kubectl(context: str, *arguments: str) -> Argv:
    return ("kubectl", "--context", context, *arguments)


def start_argv(wish: Wish) -> Argv:
    """Return what makes or starts the cluster."""
    size = wish.size
    return (
        "minikube",
        "start",
        "-p",
        PROFILE,
        f"--cpus={size.cpus}",
        f"--memory={gigabytes(size.memory_mb)}",
        f"--disk-size={size.disk_gb}g",
        f"--kubernetes-version={KUBERNETES_VERSION}",
        f"--container-runtime={RUNTIME}",
        *((f"--cni={wish.cni}",) if wish.cni else ()),
        "--wait=all",
        "-o",
        "json",
    )


def build_argv(name: str, root: str) -> Argv:
    """Return what builds the image `name:tag` in the cluster from the context `root`."""
    return ("minikube", "-p", PROFILE, "image", "build", "-t", name, root)


def images_argv() -> Argv:
    """Return what lists the images of the cluster."""
    return ("minikube", "-p", PROFILE, "image", "ls", "--format", "json")


def apply_argv(context: str, file: str) -> Argv:
    """Return what applies the objects of `file`."""
    manager = f"--field-manager={FIELD_MANAGER}"
    return _kubectl(context, "apply", "--server-side", manager, "-f", file)


def rollout_argv(context: str, workload: str, timeout_s: float) -> Argv:
    """Return what a person would type to wait for a workload."""
    limit = f"--timeout={timeout_s:.0f}s"
    return _kubectl(context, "-n", NAMESPACE, "rollout", "status", workload, limit)


def forward_argv(context: str, service: str, local: int, remote: int) -> Argv:
    """Return what makes a service of the cluster a port of this machine."""
    ports = (f"{local}:{remote}", "--address=127.0.0.1")
    return _kubectl(context, "-n", NAMESPACE, "port-forward", f"service/{service}", *ports)
