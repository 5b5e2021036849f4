"""What `--target minikube` was asked for, frozen."""

from dataclasses import dataclass
from typing import NamedTuple

from ledgerflux.errors import ConfigError

PROFILE = "ledgerflux"
"""Name of the minikube profile, and so of its kubectl context."""
NAMESPACE = "ledgerflux"
FIELD_MANAGER = "lf"
KUBERNETES_VERSION = "v1.36.2"
RUNTIME = "containerd"
IMAGE = "ledgerflux"


class Size(NamedTuple):
    """What a profile of this name asks of the machine."""

    cpus: int
    memory_mb: int
    disk_gb: int


SIZES = {"minikube": Size(4, 8192, 20), "minikube-small": Size(2, 4096, 20)}
"""By the name of the overlay that fits it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What was asked for.

    Attributes:
        profile: The overlay, a key of `SIZES`.
        kube_context: Where to apply; other than `PROFILE` it is somebody else's cluster.
        yes: Whether another context was agreed to.
        cni: Of the cluster, such as `calico`; empty for minikube's own, which enforces no
            network policy.
        monitoring: Whether Prometheus and Grafana are wanted.
        grafana_password: Of its administrator; None: made once, at random.
        port: Of the gateway on this machine; None: 8000, or the next free one.
    """

    profile: str = "minikube"
    kube_context: str = PROFILE
    yes: bool = False
    cni: str = ""
    monitoring: bool = True
    grafana_password: str | None = None
    port: int | None = None

    @property
    def size(self) -> Size:
        """Return what the profile asks of the machine."""
        return SIZES[self.profile]

    @property
    def ours(self) -> bool:
        """Say whether the cluster is the one that `lf` makes."""
        return self.kube_context == PROFILE


def checked(wish: Wish) -> Wish:
    """Return `wish`, which can be granted.

    Raises:
        ConfigError: There is no such profile, or nobody agreed to another context.
    """
    if wish.profile not in SIZES:
        raise ConfigError(
            f"--profile: {wish.profile!r} is none of {', '.join(SIZES)}", code="bad_argument"
        )
    if not wish.ours and not wish.yes:
        raise ConfigError(
            f"--kube-context {wish.kube_context} is not the cluster that lf makes ({PROFILE}): "
            "whatever runs there would be changed",
            code="bad_argument",
            try_next=[f"lf up --target minikube --kube-context {wish.kube_context} --yes"],
        )
    return wish
