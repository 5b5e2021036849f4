"""What minikube says of a profile and of its images, read."""

import json
from typing import Any, NamedTuple

from ledgerflux.deploy.minikube.wish import PROFILE, RUNTIME, Size

_REGISTRIES = ("docker.io/library/", "localhost/")


class Profile(NamedTuple):
    """A profile that exists, as it was made."""

    cpus: int
    memory_mb: int
    runtime: str
    cni: str
    driver: str


def parse_profiles(text: str) -> Profile | None:
    """Return the profile of ours that `minikube profile list -o json` tells of, None without."""
    listed = _decoded(text)
    valid = listed.get("valid") if isinstance(listed, dict) else None
    for one in valid or ():
        if one.get("Name") == PROFILE:
            return _profile(one.get("Config") or {})
    return None


def _profile(config: dict[str, Any]) -> Profile:
    kubernetes = config.get("KubernetesConfig") or {}
    return Profile(
        cpus=int(config.get("CPUs") or 0),
        memory_mb=int(config.get("Memory") or 0),
        runtime=str(kubernetes.get("ContainerRuntime") or ""),
        cni=str(kubernetes.get("CNI") or ""),
        driver=str(config.get("Driver") or ""),
    )


def misfit(profile: Profile, size: Size) -> str | None:
    """Return why an existing profile does not do, None where it does.

    minikube ignores other sizes for a profile that exists, and says so only in passing.
    """
    if profile.cpus < size.cpus:
        return f"it has {profile.cpus} CPUs, {size.cpus} are needed"
    if profile.memory_mb < size.memory_mb:
        return f"it has {profile.memory_mb} MB of memory, {size.memory_mb} are needed"
    if profile.runtime != RUNTIME:
        return f"its container runtime is {profile.runtime}, {RUNTIME} is needed"
    return None


def is_running(text: str) -> bool:
    """Say whether `minikube status -o json` tells of a cluster that runs whole."""
    status = _decoded(text)
    if not isinstance(status, dict):
        return False
    return all(status.get(part) == "Running" for part in ("Host", "Kubelet", "APIServer"))


def has_image(text: str, name: str) -> bool:
    """Say whether `minikube image ls --format json` lists the image `name:tag`."""
    listed = _decoded(text)
    if not isinstance(listed, list):
        return False
    tags = {tag for one in listed for tag in one.get("repoTags") or ()}
    return name in tags or any(registry + name in tags for registry in _REGISTRIES)


def _decoded(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None
