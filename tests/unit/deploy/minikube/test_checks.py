"""Each finding says what is wrong and how to mend it."""

import json

import pytest

from ledgerflux.deploy.minikube import checks
from ledgerflux.deploy.minikube.wish import Size

SIZE = Size(4, 8192, 20)


def docker(cpus, memory_gb):
    return json.dumps({"NCPU": cpus, "MemTotal": memory_gb << 30})


@pytest.mark.parametrize(
    ("finding", "result", "words"),
    [
        (checks.minikube_finding(None), "FAIL", "not on PATH"),
        (checks.minikube_finding('{"minikubeVersion": "v1.37.0"}'), "FAIL", "older"),
        (checks.minikube_finding("[]"), "FAIL", "can't be read"),
        (checks.minikube_finding('{"minikubeVersion": "v1.39.0"}'), "PASS", "v1.39.0"),
        (checks.kubectl_finding(None), "FAIL", "not on PATH"),
        (checks.kubectl_finding('{"clientVersion": {"gitVersion": "v1.30.0"}}'), "FAIL", "minor"),
        (checks.kubectl_finding('{"clientVersion": {"gitVersion": "v1.37.1"}}'), "PASS", "v1.37.1"),
        (checks.docker_finding(None, SIZE), "WARN", "no docker"),
        (checks.docker_finding("", SIZE), "FAIL", "no Docker Engine"),
        (checks.docker_finding('{"ServerErrors": ["denied"]}', SIZE), "FAIL", "denied"),
        (checks.docker_finding(docker(2, 16), SIZE), "FAIL", "2 CPUs"),
        (checks.docker_finding(docker(8, 6), SIZE), "FAIL", "6144 MB"),
        (checks.docker_finding(docker(8, 16), SIZE), "PASS", "8 CPUs, 16g"),
        (checks.disk_finding(10 << 30, SIZE), "FAIL", "10 GB"),
        (checks.disk_finding(30 << 30, SIZE), "PASS", "30 GB"),
        (checks.architecture_finding("riscv64"), "FAIL", "riscv64"),
        (checks.architecture_finding("arm64"), "PASS", "arm64"),
        (checks.port_finding(8000, free=True, ours=False, asked=True), "PASS", "free"),
        (checks.port_finding(8000, free=False, ours=True, asked=True), "PASS", "ours"),
        (checks.port_finding(8000, free=False, ours=False, asked=True), "FAIL", "taken"),
        (checks.port_finding(8000, free=False, ours=False, asked=False), "WARN", "next free"),
    ],
)
def test_a_finding(finding, result, words):
    assert finding.result == result
    assert words in finding.finding
    assert (finding.result == "FAIL") <= bool(finding.fix)


@pytest.mark.parametrize(
    ("cpus", "memory_gb", "fix"),
    [(2, 4, "--profile minikube-small"), (3, 6, "--profile minikube-small"), (1, 2, "give Docker")],
)
def test_the_largest_profile_that_fits_is_offered(cpus, memory_gb, fix):
    assert fix in checks.docker_finding(docker(cpus, memory_gb), SIZE).fix
