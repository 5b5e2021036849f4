"""What kubectl renders of k8s/, as text and as objects; run it to write the lists anew."""

import functools
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[1]
K8S = ROOT / "k8s"
LISTS = ROOT / "tests" / "data" / "manifests"
OVERLAYS = tuple(sorted(f"overlays/{path.name}" for path in (K8S / "overlays").iterdir()))
COMBINATIONS = tuple(sorted(f"tests/{path.name}" for path in (K8S / "tests").iterdir()))
ALL = OVERLAYS + COMBINATIONS
Object = dict[str, Any]


def kubectl() -> str:
    """Return the kubectl of the dependency group `deploy`."""
    beside = Path(sys.executable).parent
    found = shutil.which("kubectl", path=str(beside)) or shutil.which("kubectl")
    assert found is not None, "kubectl is not there: uv sync --group deploy"
    return found


@functools.cache
def rendered(name: str) -> str:
    """Return what `kubectl kustomize` prints; a warning is an error."""
    command = [kubectl(), "kustomize", str(K8S / name)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


@functools.cache
def _parsed(name: str) -> str:
    loaded = yaml.load_all(rendered(name), yaml.CSafeLoader)
    return json.dumps(list(loaded))


def objects(name: str) -> list[Object]:
    """Return the objects of an overlay, anew each time."""
    parsed: list[Object] = json.loads(_parsed(name))
    return parsed


def listed(name: str) -> str:
    """Return kind and name of every object, one a line; the hash of a config is left out."""
    lines = [f"{one['kind']}/{_stem(one)}\n" for one in objects(name)]
    return "".join(sorted(lines))


def list_file(name: str) -> Path:
    """Return the file that holds the list."""
    return LISTS / f"{name.replace('/', '-')}.txt"


def _stem(one: Object) -> str:
    name: str = one["metadata"]["name"]
    return name.rpartition("-")[0] if one["kind"] == "ConfigMap" else name


if __name__ == "__main__":
    for each in ALL:
        list_file(each).write_text(listed(each))
