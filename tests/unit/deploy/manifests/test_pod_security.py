from typing import Any

import pytest
from manifests import GONE, good, put

from ledgerflux.deploy.manifests import pod_security

POD = "spec.template.spec"
BODY = f"{POD}.containers.0"
OWN = f"{BODY}.securityContext"
LABELS = {"pod-security.kubernetes.io/enforce": "baseline"}


def test_good_objects_pass() -> None:
    assert pod_security.findings(good()) == []


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (f"{POD}.hostNetwork", True),
        (f"{POD}.hostPID", True),
        (f"{POD}.hostIPC", True),
        (f"{POD}.volumes", [{"name": "a", "hostPath": {"path": "/"}}]),
        (f"{POD}.volumes", [{"name": "a", "nfs": {}}]),
        (f"{POD}.securityContext.sysctls", [{"name": "kernel.msgmax", "value": "1"}]),
        (f"{POD}.securityContext.runAsUser", 0),
        (f"{POD}.securityContext.runAsNonRoot", False),
        (f"{POD}.securityContext.seccompProfile", GONE),
        (f"{POD}.securityContext.seccompProfile.type", "Unconfined"),
        (f"{POD}.securityContext.appArmorProfile", {"type": "Unconfined"}),
        (f"{POD}.securityContext.seLinuxOptions", {"type": "spc_t"}),
        (f"{POD}.securityContext.seLinuxOptions", {"user": "root"}),
        (f"{POD}.securityContext.windowsOptions", {"hostProcess": True}),
        (f"{OWN}.privileged", True),
        (f"{OWN}.allowPrivilegeEscalation", True),
        (f"{OWN}.allowPrivilegeEscalation", GONE),
        (f"{OWN}.runAsNonRoot", False),
        (f"{OWN}.runAsUser", 0),
        (f"{OWN}.seccompProfile", {"type": "Unconfined"}),
        (f"{OWN}.procMount", "Unmasked"),
        (f"{OWN}.capabilities", GONE),
        (f"{OWN}.capabilities.drop", ["NET_RAW"]),
        (f"{OWN}.capabilities.add", ["SYS_ADMIN"]),
        (f"{BODY}.ports.0.hostPort", 80),
        (f"{BODY}.livenessProbe.httpGet.host", "192.0.2.1"),
        (f"{POD}.initContainers", [{"name": "a", "securityContext": {
            "allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True}}]),
    ],
)  # fmt: skip
def test_what_restricted_refuses_is_found(path: str, value: Any) -> None:
    found = pod_security.findings(put(good(), "Deployment/gateway", path, value))
    assert {(one.rule, one.object) for one in found} == {("pod security", "Deployment/gateway")}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (f"{OWN}.capabilities.add", ["NET_BIND_SERVICE"]),
        (f"{OWN}.seccompProfile", {"type": "Localhost"}),
        (f"{POD}.volumes", [{"name": "a", "emptyDir": {}}]),
        (f"{POD}.securityContext.sysctls", [{"name": "net.ipv4.tcp_syncookies", "value": "1"}]),
    ],
)
def test_what_restricted_allows_passes(path: str, value: Any) -> None:
    assert pod_security.findings(put(good(), "Deployment/gateway", path, value)) == []


@pytest.mark.parametrize(
    ("path", "value"),
    [(f"{OWN}.readOnlyRootFilesystem", GONE), (f"{POD}.automountServiceAccountToken", GONE)],
)
def test_what_we_ask_beyond_is_found(path: str, value: Any) -> None:
    [finding] = pod_security.findings(put(good(), "Deployment/gateway", path, value))
    assert finding.rule == "hardening"


def test_a_namespace_that_enforces_less_is_found() -> None:
    [finding] = pod_security.findings(
        put(good(), "Namespace/ledgerflux", "metadata.labels", LABELS)
    )
    assert finding.object == "Namespace/ledgerflux"
