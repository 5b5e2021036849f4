"""`skaffold.yaml`: its keys, its paths and what it runs; Skaffold itself reads it elsewhere."""

import contextlib
import os
import signal
import subprocess
from pathlib import Path
from typing import Any, Literal

import pytest
import yaml
from manifests import find
from pydantic import BaseModel, ConfigDict, Field
from rendered import K8S, ROOT, objects
from stacks import until

pytestmark = pytest.mark.deploy


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid")


class SyncRule(Part):
    src: str
    dest: str
    strip: str = ""


class Command(Part):
    command: list[str]


class Hook(Part):
    container: Command


class Hooks(Part):
    after: list[Hook]


class Sync(Part):
    manual: list[SyncRule]
    hooks: Hooks


class Docker(Part):
    dockerfile: str


class Artifact(Part):
    image: str
    context: str
    docker: Docker
    sync: Sync


class Local(Part):
    push: bool


class TagPolicy(Part):
    input_digest: dict[str, Any] = Field(alias="inputDigest")


class Build(Part):
    local: Local
    tag_policy: TagPolicy = Field(alias="tagPolicy")
    artifacts: list[Artifact]


class Kustomize(Part):
    paths: list[str]


class Manifests(Part):
    kustomize: Kustomize


class Flags(Part):
    apply: list[str]


class Kubectl(Part):
    flags: Flags


class Deploy(Part):
    context: str = Field(alias="kubeContext")
    kubectl: Kubectl


class Forward(Part):
    kind: Literal["service"] = Field(alias="resourceType")
    name: str = Field(alias="resourceName")
    namespace: str
    port: int
    local_port: int = Field(alias="localPort")


class Name(Part):
    name: str


class Skaffold(Part):
    """The part of skaffold/v4beta14 that is used."""

    version: Literal["skaffold/v4beta14"] = Field(alias="apiVersion")
    kind: Literal["Config"]
    metadata: Name
    build: Build
    manifests: Manifests
    deploy: Deploy
    forwards: list[Forward] = Field(alias="portForward")


def text() -> str:
    return (ROOT / "skaffold.yaml").read_text()


def skaffold() -> Skaffold:
    return Skaffold.model_validate(yaml.safe_load(text()))


def test_a_typo_is_refused() -> None:
    with pytest.raises(ValueError, match="portForwards"):
        Skaffold.model_validate(yaml.safe_load(text().replace("portForward:", "portForwards:")))


def test_its_overlay_and_its_image_are_those_of_the_manifests() -> None:
    [path] = skaffold().manifests.kustomize.paths
    assert (ROOT / path / "kustomization.yaml").is_file()
    [artifact] = skaffold().build.artifacts
    images = {
        each["image"].partition(":")[0]
        for one in objects(path.removeprefix("k8s/"))
        if one["kind"] in ("Deployment", "StatefulSet")
        for each in one["spec"]["template"]["spec"]["containers"]
        if one["spec"]["template"]["metadata"]["labels"]["app.kubernetes.io/component"] == "role"
    }
    assert images == {artifact.image}
    assert (ROOT / artifact.context / artifact.docker.dockerfile).is_file()


def test_its_forward_reaches_a_service() -> None:
    [forward] = skaffold().forwards
    service = find(objects("overlays/inner-loop"), f"Service/{forward.name}")
    assert service["metadata"]["namespace"] == forward.namespace
    assert [port["port"] for port in service["spec"]["ports"]] == [forward.port]


def test_every_python_file_is_copied_to_where_python_looks_first() -> None:
    [artifact] = skaffold().build.artifacts
    copied = set()
    for rule in artifact.sync.manual:
        files = list(ROOT.glob(rule.src))
        assert files, f"{rule.src} matches nothing"
        copied |= {
            f"{rule.dest}/{str(f.relative_to(ROOT)).removeprefix(rule.strip)}" for f in files
        }
    assert {
        "/src/ledgerflux/errors.py", "/src/ledgerflux_cli/app.py", "/src/ledgerflux_tui/app.py",
    } <= copied  # fmt: skip
    config = [one for one in objects("overlays/inner-loop") if one["kind"] == "ConfigMap"]
    assert "/src" in [one["data"].get("PYTHONPATH") for one in config]


def test_what_is_copied_to_is_writable_in_every_role() -> None:
    for one in objects("overlays/inner-loop"):
        if one["metadata"].get("labels", {}).get("app.kubernetes.io/component") != "role":
            continue
        pod = one["spec"]["template"]["spec"]
        assert {"name": "src", "emptyDir": {"sizeLimit": "64Mi"}} in pod["volumes"]
        for each in (*pod["containers"], *pod["initContainers"]):
            assert {"name": "src", "mountPath": "/src"} in each["volumeMounts"]
        assert pod["containers"][0]["command"] == ["sh", "/hot-reload/reload.sh"]


@pytest.fixture
def reloading(tmp_path: Path):
    """Yield the script with an `lf` that notes its arguments and waits for its end."""
    calls = tmp_path / "calls"
    fake = tmp_path / "lf"
    fake.write_text(f'#!/bin/sh\necho "$@" >> {calls}\nexec sleep 60\n')
    fake.chmod(0o755)
    script = (K8S / "components/hot-reload/reload.sh").read_text()
    own = tmp_path / "reload.sh"
    own.write_text(script.replace("/tmp/role.pid", str(tmp_path / "role.pid")))
    environ = os.environ | {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
    process = subprocess.Popen(
        ["sh", str(own), "run", "ingest"], env=environ, start_new_session=True
    )
    yield process, tmp_path
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _lines(path: Path) -> list[str]:
    return path.read_text().splitlines() if path.exists() else []


def _role(path: Path) -> int:
    told = (path / "role.pid").read_text().strip() if (path / "role.pid").exists() else ""
    return int(told or 0)


def test_a_changed_file_starts_the_role_again_and_an_end_ends_it(reloading: Any) -> None:
    process, path = reloading
    until(lambda: _lines(path / "calls") == ["run ingest"] and _role(path) > 0)
    [hook] = skaffold().build.artifacts[0].sync.hooks.after
    first = _role(path)
    command = [
        word.replace("/tmp/role.pid", str(path / "role.pid")) for word in hook.container.command
    ]
    subprocess.run(command, check=True)
    until(lambda: _lines(path / "calls") == ["run ingest"] * 2 and _role(path) != first)
    second = _role(path)
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=10) == 0
    with pytest.raises(ProcessLookupError):
        os.kill(second, 0)
