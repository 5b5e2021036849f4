"""The temporary overlay is the tracked one with another tag."""

import json

from ledgerflux.deploy.minikube.overlay import overlay_text


def test_it_names_its_base_and_sets_the_tag():
    made = json.loads(overlay_text("../k8s/overlays/minikube", "dev-1"))
    assert made["resources"] == ["../k8s/overlays/minikube"]
    assert made["images"] == [{"name": "ledgerflux", "newTag": "dev-1"}]
