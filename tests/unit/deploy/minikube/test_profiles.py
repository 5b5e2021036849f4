"""What minikube says of profile, state and images."""

import json

import pytest

from ledgerflux.deploy.minikube.profiles import (
    Profile,
    has_image,
    is_running,
    misfit,
    parse_profiles,
)
from ledgerflux.deploy.minikube.wish import Size

SIZE = Size(4, 8192, 20)


def listed(name="ledgerflux", **config):
    kubernetes = {"ContainerRuntime": "containerd", "CNI": "calico"}
    whole = {"CPUs": 4, "Memory": 8192, "Driver": "docker", "KubernetesConfig": kubernetes}
    return json.dumps({"valid": [{"Name": name, "Config": {**whole, **config}}]})


def test_our_profile_is_read():
    assert parse_profiles(listed()) == Profile(4, 8192, "containerd", "calico", "docker")


@pytest.mark.parametrize("text", ["", "null", "{}", '{"valid": null}', listed("minikube")])
def test_without_our_profile_there_is_none(text):
    assert parse_profiles(text) is None


def test_a_profile_fits_when_it_is_as_large_and_has_our_runtime():
    fits = Profile(8, 16384, "containerd", "", "docker")
    assert misfit(fits, SIZE) is None
    assert "2 CPUs" in misfit(fits._replace(cpus=2), SIZE)
    assert "4096 MB" in misfit(fits._replace(memory_mb=4096), SIZE)
    assert "docker" in misfit(fits._replace(runtime="docker"), SIZE)


def test_a_cluster_runs_when_all_its_parts_do():
    whole = {"Host": "Running", "Kubelet": "Running", "APIServer": "Running"}
    assert is_running(json.dumps(whole))
    assert not is_running(json.dumps({**whole, "APIServer": "Stopped"}))
    assert not is_running("Profile not found")


@pytest.mark.parametrize("registry", ["", "docker.io/library/", "localhost/"])
def test_an_image_is_there_under_any_name_of_a_local_one(registry):
    text = json.dumps([{"repoTags": [f"{registry}ledgerflux:dev-1"]}, {"repoTags": None}])
    assert has_image(text, "ledgerflux:dev-1")
    assert not has_image(text, "ledgerflux:dev-2")
    assert not has_image("not json", "ledgerflux:dev-1")
