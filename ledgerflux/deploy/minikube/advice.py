"""What to do about an error that minikube names by its id."""

from typing import NamedTuple


class Advice(NamedTuple):
    """What is wrong in our words, what to try, and whether the machine lacks something."""

    why: str
    try_next: tuple[str, ...]
    lacks: bool = True


_SMALL = "lf up --target minikube --profile minikube-small"

ADVICE = {
    "RSRC_DOCKER_MEMORY": Advice("Docker has less memory than the cluster asks for", (_SMALL,)),
    "RSRC_INSUFFICIENT_CONTAINER_MEMORY": Advice("Docker has too little memory", (_SMALL,)),
    "RSRC_INSUFFICIENT_SYS_MEMORY": Advice("this machine has too little memory", (_SMALL,)),
    "RSRC_INSUFFICIENT_CORES": Advice("this machine has too few cores", (_SMALL,)),
    "RSRC_DOCKER_CORES": Advice("Docker has fewer cores than the cluster asks for", (_SMALL,)),
    "RSRC_INSUFFICIENT_STORAGE": Advice("the disk is full", ("docker system prune",)),
    "RSRC_DOCKER_STORAGE": Advice("Docker's disk is full", ("docker system prune",)),
    "PROVIDER_DOCKER_NOT_RUNNING": Advice(
        "no Docker Engine answers", ("sudo systemctl start docker", "docker info")
    ),
    "PROVIDER_DOCKER_NEWGRP": Advice(
        "this user may not use the Docker Engine", ("sudo usermod -aG docker $USER",)
    ),
    "DRV_NOT_DETECTED": Advice("minikube finds no driver", ("lf doctor --target minikube",)),
    "DRV_AS_ROOT": Advice("the docker driver refuses to run as root", ("run it as a user",)),
    "GUEST_PROVISION": Advice(
        "the node could not be made", ("minikube delete -p ledgerflux", "lf up --target minikube"),
        lacks=False,
    ),
    "GUEST_DRIVER_MISMATCH": Advice(
        "the profile was made with another driver", ("lf down --target minikube --cluster",),
        lacks=False,
    ),
    "INET_CACHE_KUBECTL": Advice("a download failed", ("lf up --target minikube",), lacks=False),
    "INET_CACHE_BINARIES": Advice("a download failed", ("lf up --target minikube",), lacks=False),
    "K8S_DOWNGRADE_UNSUPPORTED": Advice(
        "the profile has a newer Kubernetes", ("lf down --target minikube --cluster",),
        lacks=False,
    ),
}  # fmt: skip
"""By id; ids that are not listed are told in minikube's own words."""

_EXIT_CODES = {
    23: Advice("there is too little memory", (_SMALL,)),
    26: Advice("there is too little disk space", ("docker system prune",)),
    29: Advice("there are too few cores", (_SMALL,)),
    69: Advice("the driver does not answer", ("docker info",)),
}
"""By minikube's exit code, where it printed no id."""


def advice_for(error_id: str, message: str, exit_code: int) -> Advice:
    """Return what to tell about a failure of minikube."""
    if error_id in ADVICE:
        return ADVICE[error_id]
    if not error_id and exit_code in _EXIT_CODES:
        return _EXIT_CODES[exit_code]
    words = message or f"minikube ended with exit code {exit_code}"
    return Advice(words, ("minikube logs -p ledgerflux",), lacks=False)
