import pytest
from manifests import GONE, container, find, good, put

from ledgerflux.deploy.manifests import storage

MOUNTS = "spec.template.spec.containers.0.volumeMounts"
VOLUMES = "spec.template.spec.volumes"


def test_good_objects_pass() -> None:
    assert storage.findings(good()) == []


@pytest.mark.parametrize("path", ["/store", "/data2", "/data/jetstream/deeper"])
def test_a_claim_that_is_not_where_the_store_lies_is_found(path: str) -> None:
    [finding] = storage.findings(put(good(), "StatefulSet/nats", f"{MOUNTS}.0.mountPath", path))
    assert finding.problem == "nats keeps its store in /data/jetstream, which is on no claim"


def test_a_store_on_a_volume_that_dies_with_the_pod_is_found() -> None:
    objects = put(good(), "StatefulSet/nats", "spec.volumeClaimTemplates", [])
    objects = put(objects, "StatefulSet/nats", f"{VOLUMES}.-", {"name": "data", "emptyDir": {}})
    assert [finding.rule for finding in storage.findings(objects)] == ["storage"]


def test_a_volume_that_lies_over_the_claim_is_found() -> None:
    over = {"name": "config", "mountPath": "/data/jetstream"}
    objects = put(good(), "StatefulSet/nats", f"{MOUNTS}.-", over)
    assert [finding.rule for finding in storage.findings(objects)] == ["storage"]


def test_a_claim_in_the_wrong_container_is_found() -> None:
    objects = put(good(), "StatefulSet/nats", f"{MOUNTS}.0", GONE)
    beside = container("beside", volumeMounts=[{"name": "data", "mountPath": "/data"}])
    objects = put(objects, "StatefulSet/nats", "spec.template.spec.containers.-", beside)
    assert [finding.object for finding in storage.findings(objects)] == ["StatefulSet/nats"]


def test_a_claim_by_its_name_is_a_claim() -> None:
    claim = {"name": "data", "persistentVolumeClaim": {"claimName": "nats"}}
    objects = put(good(), "StatefulSet/nats", "spec.volumeClaimTemplates", [])
    assert storage.findings(put(objects, "StatefulSet/nats", f"{VOLUMES}.-", claim)) == []


def test_the_path_of_older_postgres_is_found() -> None:
    path = "/var/lib/postgresql/data"
    objects = put(good(), "StatefulSet/postgres", f"{MOUNTS}.0.mountPath", path)
    [finding] = storage.findings(objects)
    assert finding.problem == "no claim is mounted at /var/lib/postgresql"


def test_only_postgres_is_asked_for_the_mount_of_postgres() -> None:
    image = "spec.template.spec.containers.0.image"
    objects = put(good(), "StatefulSet/postgres", f"{MOUNTS}.0.mountPath", "/elsewhere")
    assert (
        storage.findings(put(objects, "StatefulSet/postgres", image, "postgres-exporter:1")) == []
    )
    assert find(objects, "StatefulSet/postgres")
