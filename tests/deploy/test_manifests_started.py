"""What the manifests start is started: their arguments, variables and nats.conf, on this machine.

Addresses, ports and folders are this machine's; everything else is as rendered. What a cluster
adds (images, limits, the network) is not seen here.
"""

import contextlib
import json
import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from manifests import find
from rendered import objects
from stacks import until

from ledgerflux.adapters.embedded.nats_server import find_binary
from ledgerflux.adapters.sockets import free_port

pytestmark = pytest.mark.deploy

OVERLAY = "overlays/minikube"
PASSWORD = "p0123456789abcdef"
KINDS = {"normalize": "StatefulSet"}
LF = str(Path(sys.executable).parent / "lf")


class Machine:
    """Runs what the manifests name; knows which port stands for which of theirs."""

    def __init__(self, directory: Path, dsn: str) -> None:
        self.directory = directory
        self.dsn = dsn
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        self.ports = {name: free_port("127.0.0.1") for name in ("nats", "monitor", "feed")}
        self.http: dict[str, int] = {}
        (directory / "nats_password").write_text(PASSWORD + "\n")
        (directory / "postgres_password").write_text("unused: the socket's own file has it\n")

    def start(self, name: str, command: list[str], variables: dict[str, str]) -> None:
        log = (self.directory / f"{name}.log").open("wb")
        own = {key: os.environ[key] for key in ("PATH", "HOME") if key in os.environ}
        self.running[name] = subprocess.Popen(
            command, env=own | variables, stdout=log, stderr=log, cwd=self.directory
        )
        log.close()

    def nats(self) -> None:
        """Start the server with the rendered config."""
        [config] = [
            one["data"]["nats.conf"]
            for one in objects(OVERLAY)
            if one["kind"] == "ConfigMap" and "nats.conf" in one["data"]
        ]
        for theirs, ours in {
            "0.0.0.0:4222": f"127.0.0.1:{self.ports['nats']}",
            "0.0.0.0:8222": f"127.0.0.1:{self.ports['monitor']}",
            "/data/jetstream": str(self.directory / "jetstream"),
            "/var/run/nats": str(self.directory),
        }.items():
            assert theirs in config
            config = config.replace(theirs, ours)
        path = self.directory / "nats.conf"
        path.write_text(config)
        variables = {"POD_NAME": "nats-0", "NATS_PASSWORD": PASSWORD}
        self.start("nats", [str(find_binary()), "-c", str(path)], variables)

    def role(self, name: str, index: int = 0) -> None:
        """Start a pod of a role."""
        called = f"{name}-{index}"
        body = find(objects(OVERLAY), f"{KINDS.get(name, 'Deployment')}/{name}")
        [container] = body["spec"]["template"]["spec"]["containers"]
        self.http[called] = free_port("127.0.0.1")
        data = self.directory / called
        data.mkdir()
        told = self._variables(container, called, index)
        told["LF_DATA_DIR"] = str(data)
        self.start(called, [LF, *container["args"]], told)

    def _variables(self, container: dict[str, Any], called: str, index: int) -> dict[str, str]:
        configs = {
            one["metadata"]["name"]: one["data"]
            for one in objects(OVERLAY)
            if one["kind"] == "ConfigMap"
        }
        from_pod = {"LF_SHARD": str(index), "LF_INSTANCE": called}
        told: dict[str, str] = {}
        for source in container["envFrom"]:
            told |= configs[source["configMapRef"]["name"]]
        for each in container.get("env", []):
            told[each["name"]] = each.get("value") or from_pod[each["name"]]
        moved = {
            "nats:4222": f"127.0.0.1:{self.ports['nats']}",
            "nats:8222": f"127.0.0.1:{self.ports['monitor']}",
            "exchange:9000": f"127.0.0.1:{self.ports['feed']}",
            "/run/secrets": str(self.directory),
        }
        for theirs, ours in moved.items():
            told = {key: value.replace(theirs, ours) for key, value in told.items()}
        own = {
            "LF_HTTP_PORT": str(free_port("127.0.0.1") if "LF_PORT" in told else self.http[called]),
            "LF_PORT": str(self.http[called]),
            "LF_EXCHANGE_PORT": str(self.ports["feed"]),
            "LF_POSTGRES_DSN": self.dsn,
        }
        if "LF_POSTGRES_DSN" in told:
            del told["LF_POSTGRES_PASSWORD_FILE"]  # the one of the test's server is in its string
        return told | {key: value for key, value in own.items() if key in told}

    def asks(self, called: str, path: str) -> bytes | None:
        """Return what a pod answers with 200; None where it does not."""
        process = self.running[called]
        assert process.poll() is None, (self.directory / f"{called}.log").read_text()[-2000:]
        url = f"http://127.0.0.1:{self.http[called]}{path}"
        try:
            with urllib.request.urlopen(url, timeout=2) as answer:
                body: bytes = answer.read()
                return body
        except OSError:  # an answer other than 200 is one too
            return None


@pytest.fixture
def machine(tmp_path: Path, postgres_dsn: str) -> Iterator[Machine]:
    """Yield one with NATS; whatever runs on it is ended."""
    made = Machine(tmp_path, postgres_dsn)
    made.nats()
    yield made
    for process in made.running.values():
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        process.wait()


def test_all_pods_become_ready_serve_a_book_and_end_when_asked(machine: Machine) -> None:
    pods = [("exchange", 0), ("ingest", 0), ("snapshot", 0), ("gateway", 0)]
    pods += [("normalize", index) for index in range(4)]
    for name, index in pods:
        machine.role(name, index)
    for called in machine.http:
        for path in ("/health", "/ready"):
            until(lambda at=(called, path): machine.asks(*at) is not None, what=f"{called} {path}")
        assert b"ledgerflux_" in (machine.asks(called, "/metrics") or b"")
    book = until(lambda: machine.asks("gateway-0", "/v1/products/BTC-USD/book"))
    assert json.loads(book)["bids"]
    for called in machine.http:
        machine.running[called].send_signal(signal.SIGTERM)
    ends = {called: machine.running[called].wait(30) for called in machine.http}
    assert set(ends.values()) == {0}, ends
