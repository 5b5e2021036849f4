"""The temporary overlay: the tracked one, with the tag of the image that was just built."""

import json

from ledgerflux.deploy.minikube.wish import IMAGE


def overlay_text(base: str, tag: str) -> str:
    """Return a kustomization (JSON is YAML) over the overlay at the relative path `base`."""
    return json.dumps(
        {
            "apiVersion": "kustomize.config.k8s.io/v1beta1",
            "kind": "Kustomization",
            "resources": [base],
            "images": [{"name": IMAGE, "newTag": tag}],
        },
        indent=2,
    )
