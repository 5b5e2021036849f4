"""A machine without a cluster: fake programs on PATH, a fake API server, a real gateway.

Fixtures for tests of `--target minikube`: `world` is the machine.
"""

import sys
from pathlib import Path

import cassettes
import fake_api
import pytest
import yaml
from stacks import Stack

from ledgerflux.deploy.minikube import checking, reaching
from ledgerflux.deploy.minikube.deployment import Deployment
from ledgerflux.errors import LedgerFluxError
from ledgerflux.stack.down import stop_stack
from ledgerflux.stack.run_dir import RunDir
from ledgerflux_cli import minikube_target

TAG = "dev-0123456789ab"
NAME = f"ledgerflux:{TAG}"
PATIENCE_S = 1.0
FORWARD = """#!{python}
import asyncio, sys
port = int(sys.argv[sys.argv.index("port-forward") + 2].split(":")[0])
async def pump(reader, writer):
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    except OSError:
        pass
    writer.close()
async def serve(reader, writer):
    other, out = await asyncio.open_connection("127.0.0.1", {gateway})
    await asyncio.gather(pump(reader, out), pump(other, writer))
async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", port)
    await server.serve_forever()
asyncio.run(main())
"""
KUBECTL = """#!/bin/sh
case " $* " in *" port-forward "*) exec {forward} "$@";; esac
exec {real} "$@"
"""


def workload(kind, name, replicas=1, image="nats:2.11-alpine"):
    labels = {"app.kubernetes.io/name": name, "app.kubernetes.io/part-of": "ledgerflux"}
    return {
        "apiVersion": "apps/v1",
        "kind": kind,
        "metadata": {"name": name, "namespace": "ledgerflux", "labels": labels},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app.kubernetes.io/name": name}},
            "template": {
                "metadata": {"labels": labels},
                "spec": {"containers": [{"name": name, "image": image}]},
            },
        },
    }


def container(image=NAME, **more):
    return {"containerStatuses": [{"name": "c", "image": image, "ready": False, **more}]}


def plain(kind, name, **more):
    labels = {"app.kubernetes.io/part-of": "ledgerflux"}
    metadata = {"name": name, "namespace": "ledgerflux", "labels": labels}
    return {"apiVersion": "v1", "kind": kind, "metadata": metadata, **more}


OBJECTS = (
    {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "ledgerflux"}},
    plain("ConfigMap", "settings", data={"LF_SHARDS": "2"}),
    plain("Service", "gateway", spec={"ports": [{"port": 8000}]}),
    workload("StatefulSet", "nats"),
    workload("StatefulSet", "normalize", 2, "ledgerflux"),
    workload("Deployment", "gateway", 1, "ledgerflux"),
)


@pytest.fixture(scope="session", name="gateway")
def real_gateway(tmp_path_factory):
    """A real stack, whose gateway stands for the one in the cluster."""
    stack = Stack(tmp_path_factory.mktemp("real") / "data")
    stack.start("--shards", "1", "--products", "BTC-USD")
    yield stack.up_document["gateway"]["http"].rpartition(":")[2]
    stack.lf("down", "--volumes", "--yes")


@pytest.fixture(name="root")
def small_checkout(tmp_path):
    """A checkout with an overlay of six objects."""
    folder = tmp_path / "checkout" / "k8s" / "overlays" / "minikube"
    folder.mkdir(parents=True)
    (folder / "all.yaml").write_text(yaml.safe_dump_all(OBJECTS))
    (folder / "kustomization.yaml").write_text("resources: [all.yaml]\n")
    return tmp_path / "checkout"


class World:
    """A machine with fake programs, a fake cluster, and a data directory."""

    def __init__(self, tmp_path, root, api, programs):
        self.root, self.api, self.programs = root, api, programs
        self.run_dir = RunDir(tmp_path / "data")
        self.told: list[tuple[str, str]] = []

    def up(self, wish=None, timeout_s=PATIENCE_S):
        wish = wish or minikube_target.wish_of(port=0)
        self.told = []
        tell = lambda step, text: self.told.append((step, text))  # noqa: E731
        return Deployment(wish, self.run_dir, self.root, TAG, tell, timeout_s).up()

    def fails(self, kind, code, exit_code, *words, **more):
        """`up` ends with this error, which says these words; then nothing holds the directory."""
        with pytest.raises(kind) as caught:
            self.up(**more)
        error = caught.value
        assert isinstance(error, LedgerFluxError)
        assert (error.code, error.exit_code) == (code, exit_code), error
        for word in words:
            assert word in str(error) + " ".join(error.try_next), (word, error, error.try_next)
        assert error.try_next
        assert self.run_dir.holder() is None
        return error

    def steps(self):
        return list(dict.fromkeys(step for step, _ in self.told))


@pytest.fixture(name="world")
def machine(tmp_path, root, monkeypatch, gateway):
    folder = tmp_path / "bin"
    folder.mkdir()
    programs = cassettes.Programs(folder)
    programs.play("minikube", cassettes.minikube(NAME))
    programs.play("docker", [cassettes.call(r"info --format \{\{json \.\}\}", cassettes.DOCKER)])
    real = str(Path(sys.executable).parent / "kubectl")
    forward = folder / "forward"
    programs.write("forward", FORWARD.format(python=sys.executable, gateway=gateway))
    programs.write("kubectl", KUBECTL.format(real=real, forward=forward))
    monkeypatch.setattr(checking, "check", lambda objects, budget: [])
    with fake_api.serving() as api:
        monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
        monkeypatch.setenv("HOME", str(tmp_path))
        monkeypatch.setenv("KUBECONFIG", str(api.kubeconfig(tmp_path / "kubeconfig")))
        made = World(tmp_path, root, api, programs)
        yield made
        stop_stack(made.run_dir)
        for process in reaching._left_behind:
            process.wait(10)
    assert programs.unknown() == []
