"""The manifests agree with what runs in them: settings, ports, NATS, Postgres."""

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
from manifests import find
from rendered import ALL, objects

from ledgerflux.adapters.embedded.nats_server import MAX_PAYLOAD_BYTES, find_binary
from ledgerflux.deploy.manifests.objects import Workload, containers, of_kind, workloads
from ledgerflux.settings.layers import variable_faults, variable_of
from ledgerflux.settings.tree import Settings

pytestmark = pytest.mark.deploy

NAME = "app.kubernetes.io/name"
OWN = "overlays/minikube"
ROLES = {"exchange", "gateway", "ingest", "normalize", "snapshot"}
FROM_POD = {"LF_SHARD": "0", "LF_INSTANCE": "gateway-7d9c5b6f4d-x2x9z"}
"""What the cluster puts in, by example."""


def environment(name: str, role: Workload) -> dict[str, str]:
    configs = {one["metadata"]["name"]: one["data"] for one in of_kind(objects(name), "ConfigMap")}
    [body] = [each.body for each in containers(role) if each.name in ROLES]
    found: dict[str, str] = {}
    for source in body.get("envFrom", []):
        found |= configs[source["configMapRef"]["name"]]
    for each in body.get("env", []):
        found[each["name"]] = each.get("value") or FROM_POD[each["name"]]
    return found


def roles(name: str) -> list[Workload]:
    return [one for one in workloads(objects(name)) if one.labels[NAME] in ROLES]


def body_of(called: str) -> dict[str, Any]:
    return dict(find(objects(OWN), called)["spec"]["template"]["spec"]["containers"][0])


@pytest.mark.parametrize("name", ALL)
def test_every_variable_is_a_setting_and_its_value_is_taken(name: str) -> None:
    known = {variable_of(key) for key in Settings.model_fields}
    assert {one.labels[NAME] for one in roles(name)} == ROLES
    for role in roles(name):
        told = environment(name, role)
        assert told.keys() - known <= {"PYTHONPATH"}
        assert variable_faults(told) == []


@pytest.mark.parametrize("name", ALL)
def test_ports_are_those_that_the_roles_listen_on(name: str) -> None:
    for role in roles(name):
        told, named = environment(name, role), role.labels[NAME]
        [body] = [each.body for each in containers(role) if each.name == named]
        ports = {port["name"]: str(port["containerPort"]) for port in body["ports"]}
        own = {"http": told["LF_PORT" if named == "gateway" else "LF_HTTP_PORT"]}
        if named == "exchange":
            own["feed"] = told["LF_EXCHANGE_PORT"]
        assert ports == own
        assert body["args"][:2] == ["run", named]


@pytest.mark.parametrize("name", ALL)
def test_probes_ask_what_a_role_answers(name: str) -> None:
    for role in roles(name):
        [body] = [each.body for each in containers(role) if each.name == role.labels[NAME]]
        asked = {probe: body[probe]["httpGet"]["path"] for probe in body if "Probe" in probe}
        assert asked == {
            "startupProbe": "/health", "readinessProbe": "/ready", "livenessProbe": "/health",
        }  # fmt: skip


def test_addresses_name_services_and_their_ports() -> None:
    there = {
        f"{one['metadata']['name']}:{port['port']}"
        for one in of_kind(objects(OWN), "Service")
        for port in one["spec"]["ports"]
    }
    for role in roles(OWN):
        told = environment(OWN, role)
        for key in ("LF_NATS_URL", "LF_ADVERTISE", "LF_NATS_MONITOR_URL"):
            if key in told:
                assert told[key].rpartition("@")[2].rpartition("//")[2].strip("/") in there
        if "LF_POSTGRES_DSN" in told:
            assert "host=postgres " in told["LF_POSTGRES_DSN"]


def test_passwords_are_files_of_a_secret_that_is_mounted_where_they_are_looked_for() -> None:
    for role in roles(OWN):
        told = environment(OWN, role)
        wanted = {told[key] for key in told if key.endswith("_PASSWORD_FILE")}
        [volume] = [one for one in role.spec["volumes"] if one["name"] == "secrets"]
        given = {
            f"/run/secrets/{item['path']}"
            for source in volume["projected"]["sources"]
            for item in source["secret"]["items"]
        }
        assert given == wanted
        for one in role.spec["containers"]:
            assert "PASSWORD" not in {key.strip("LF_") for key in told}
            assert {"name": "secrets", "mountPath": "/run/secrets", "readOnly": True} in one[
                "volumeMounts"
            ]


def nats_config() -> str:
    [config] = [one for one in of_kind(objects(OWN), "ConfigMap") if "nats.conf" in one["data"]]
    text: str = config["data"]["nats.conf"]
    return text


def _nats_says(text: str, directory: Path, **more: str) -> subprocess.CompletedProcess[str]:
    place = directory / "nats.conf"
    place.write_text(text)
    environ = {**os.environ, "POD_NAME": "nats-0", "NATS_PASSWORD": "p0123456789abcdef", **more}
    command = [str(find_binary()), "-t", "-c", str(place)]
    return subprocess.run(
        command, env=environ, capture_output=True, text=True, timeout=30, check=False
    )


def test_the_real_server_accepts_the_config(tmp_path: Path) -> None:
    done = _nats_says(nats_config(), tmp_path)
    assert done.returncode == 0, done.stderr


def test_the_real_server_refuses_a_misspelled_config(tmp_path: Path) -> None:
    broken = nats_config().replace("sync_interval", "sync_intervall")
    assert _nats_says(broken, tmp_path).returncode != 0


def test_every_frame_of_a_venue_fits_and_nothing_is_acknowledged_before_it_is_on_the_disk() -> None:
    lines = {line.strip() for line in nats_config().splitlines()}
    assert f"max_payload: {MAX_PAYLOAD_BYTES}" in lines
    assert "sync_interval: always" in lines
    assert "feature_flags { js_ack_fc_v2: false }" in lines


def test_nats_is_run_as_its_own_chart_runs_it() -> None:
    spec = find(objects(OWN), "StatefulSet/nats")["spec"]
    pod, body = spec["template"]["spec"], body_of("StatefulSet/nats")
    assert spec["podManagementPolicy"] == "Parallel"
    assert pod["enableServiceLinks"] is False
    assert pod["terminationGracePeriodSeconds"] >= 60
    paths = {probe: body[probe]["httpGet"]["path"] for probe in body if "Probe" in probe}
    assert paths == {
        "startupProbe": "/healthz?js-server-only=true",  # nats-io/k8s#1140
        "readinessProbe": "/healthz?js-server-only=true",
        "livenessProbe": "/healthz?js-enabled-only=true",
    }
    probe = body["startupProbe"]
    assert (probe["periodSeconds"], probe["failureThreshold"]) == (10, 90)
    stop = body["lifecycle"]["preStop"]["exec"]["command"]
    assert stop == ["nats-server", "-sl=ldm=/var/run/nats/nats.pid"]
    assert 'pid_file: "/var/run/nats/nats.pid"' in nats_config()
    assert 'lame_duck_grace_period: "10s"' in nats_config()
    assert 'lame_duck_duration: "30s"' in nats_config()
    headless = find(objects(OWN), "Service/nats-headless")["spec"]
    assert (headless["clusterIP"], headless["publishNotReadyAddresses"]) == ("None", True)
    assert spec["serviceName"] == "nats-headless"
    assert find(objects(OWN), "PodDisruptionBudget/nats")["spec"]["maxUnavailable"] == 1
    limit = body["resources"]["limits"]["memory"]
    told = {each["name"]: each.get("value") for each in body["env"]}["GOMEMLIMIT"]
    assert (limit, told) == ("512Mi", "410MiB")  # four fifths


def test_postgres_keeps_its_data_where_its_image_looks_since_18() -> None:
    body = body_of("StatefulSet/postgres")
    assert body["image"].startswith("postgres:18.")
    mounts = {mount["name"]: mount["mountPath"] for mount in body["volumeMounts"]}
    assert mounts["data"] == "/var/lib/postgresql"
    told = {each["name"]: each["value"] for each in body["env"]}
    assert "PGDATA" not in told
    assert told["POSTGRES_PASSWORD_FILE"] == "/run/secrets/postgres_password"
    assert told["POSTGRES_USER"] == told["POSTGRES_DB"] == "ledgerflux"


def test_a_shard_is_one_pod_that_knows_its_number() -> None:
    spec = find(objects(OWN), "StatefulSet/normalize")["spec"]
    assert (spec["podManagementPolicy"], spec["minReadySeconds"]) == ("Parallel", 5)
    budget = find(objects(OWN), "PodDisruptionBudget/normalize")["spec"]
    assert budget["unhealthyPodEvictionPolicy"] == "AlwaysAllow"


def test_one_session_with_the_venue_ends_before_the_next_begins() -> None:
    spec = find(objects(OWN), "Deployment/ingest")["spec"]
    assert (spec["replicas"], spec["strategy"]) == (1, {"type": "Recreate"})


def test_a_gateway_leaves_the_service_before_it_drains() -> None:
    pod = find(objects(OWN), "Deployment/gateway")["spec"]["template"]["spec"]
    assert pod["containers"][0]["lifecycle"] == {"preStop": {"sleep": {"seconds": 5}}}
    assert pod["terminationGracePeriodSeconds"] > 5 + 9  # the sleep, the longest drain
    [spread] = pod["topologySpreadConstraints"]
    assert spread["topologyKey"] == "kubernetes.io/hostname"
