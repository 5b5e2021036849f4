"""The objects of a deployment: rendered, read, checked; the tracked files stay as they are."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ledgerflux.deploy.minikube.kubectl import render
from ledgerflux.deploy.minikube.overlay import overlay_text
from ledgerflux.errors import MissingDependency

Object = dict[str, Any]


def rendered(root: Path, profile: str, tag: str, folder: Path) -> str:
    """Return all objects of an overlay with the image's `tag`, as YAML.

    The temporary overlay is written into `folder`.

    Raises:
        StackError: It can't be rendered.
    """
    folder = folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    base = os.path.relpath(root.resolve() / "k8s" / "overlays" / profile, folder)
    (folder / "kustomization.yaml").write_text(overlay_text(base, tag))
    return render(str(folder))


def parsed(text: str) -> list[Object]:
    """Return the objects of a rendered text.

    Raises:
        MissingDependency: The extra `deploy` is not installed.
    """
    return [one for one in _yaml().safe_load_all(text) if one]


def dumped(objects: Sequence[Object]) -> str:
    """Return objects as YAML, one document each.

    Raises:
        MissingDependency: The extra `deploy` is not installed.
    """
    return str(_yaml().safe_dump_all(objects, sort_keys=False))


def _yaml() -> Any:
    try:
        import yaml
    except ImportError:
        raise MissingDependency(
            "what kubectl renders can't be read without PyYAML",
            try_next=["pip install 'ledgerflux[deploy]'"],
        ) from None
    return yaml
