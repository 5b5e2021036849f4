"""Every container of the rendered workloads runs as written, under its own security context.

Podman plays the pods, without Kubernetes; `pods` says what is not as rendered. Prometheus and
Grafana are left out: no registry, no image of theirs.
"""

import json
import subprocess
import time

import pytest
import yaml
from engine import EMBEDDED, IMAGE
from podman import NETWORK, a_podman
from pods import config_maps, playable, pods, probes, secret_files
from rendered import objects

pytestmark = [pytest.mark.deploy, pytest.mark.timeout(400)]

OVERLAY = "overlays/minikube"
NAMES = ("nats", "postgres", "exchange", "ingest", "normalize", "snapshot", "gateway")
ROLES = NAMES[2:]
PASSWORD = "p0123456789abcdef"
READY_S = 120
ASK = """
import sys, urllib.request, json
bad = []
for url in sys.argv[1:]:
    try:
        urllib.request.urlopen(url, timeout=5).read()
    except OSError as error:
        bad.append(f"{url}: {error}")
print(json.dumps(bad))
"""


class Node:
    """The pods that were played, and what played them."""

    def __init__(self, podman, rendered):
        self.podman = podman
        self.pods = {pod["metadata"]["name"]: pod for pod in rendered}

    def container(self, pod):
        [container] = self.pods[pod]["spec"]["containers"]
        return f"{pod}-{container['name']}"

    def exec(self, pod, *command):
        return self.podman("exec", self.container(pod), *command)

    def logs(self, pod):
        return self.podman("logs", "--tail", "20", self.container(pod), check=False)

    def refused(self):
        """Return the probes that do not pass now, asked from another pod."""
        urls = [
            f"http://{probe.pod}:{probe.port}{probe.path}"
            for pod in self.pods.values()
            for probe in probes(pod)
        ]
        assert len(urls) == 3 * (len(self.pods) - 1), "all but Postgres' are HTTP"
        return json.loads(self.exec("gateway-0", "python", "-c", ASK, *urls))


@pytest.fixture(scope="module")
def node(engine):
    """Yield the pods of an overlay, played; nothing of them is left."""
    rendered = list(pods(objects(OVERLAY), NAMES))
    with a_podman() as podman:
        folder = podman.folder / "pods"
        folder.mkdir()
        images = (f"localhost/{IMAGE}", f"localhost/{EMBEDDED}")
        documents = [
            *config_maps(objects(OVERLAY)),
            *(secret_files(pod, PASSWORD) for pod in rendered),
            *(playable(pod, *images, PASSWORD, folder) for pod in rendered),
        ]
        (folder / "pods.yaml").write_text(yaml.safe_dump_all(documents))
        engine.docker("save", "-o", str(folder / "images.tar"), IMAGE, EMBEDDED, timeout_s=180)
        podman("load", "-q", "-i", str(folder / "images.tar"))
        podman("kube", "play", "--network", NETWORK, str(folder / "pods.yaml"))
        yield Node(podman, rendered)


def wait(condition, told, seconds=READY_S):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, told()
        time.sleep(0.5)


def test_every_probe_passes_as_it_is_written(node):
    def well():
        try:
            return node.refused() == []
        except (AssertionError, subprocess.TimeoutExpired):
            return False

    wait(well, lambda: {pod: node.logs(pod) for pod in node.pods})
    ready = ("python", "-m", "ledgerflux.adapters.embedded.serve_postgres", "--is-ready")
    node.exec("postgres", *ready)


def test_every_container_has_the_rights_that_are_written_and_no_others(node):
    for name, pod in node.pods.items():
        context = pod["spec"]["securityContext"]
        [container] = pod["spec"]["containers"]
        look = (
            "lines = open('/proc/1/status').read().splitlines()\n"
            "status = dict(line.split(':', 1) for line in lines if ':' in line)\n"
            "print({key: status[key].split()[0] for key in"
            " ('Uid', 'Gid', 'CapEff', 'CapBnd', 'NoNewPrivs', 'Seccomp')})"
        )
        told = node.exec(name, "python", "-c", look).strip()
        assert told == str(
            {
                "Uid": str(context["runAsUser"]),
                "Gid": str(context["runAsGroup"]),
                "CapEff": "0" * 16,
                "CapBnd": "0" * 16,
                "NoNewPrivs": "1",
                "Seccomp": "2",
            }
        ), name
        [seen] = json.loads(node.podman("inspect", node.container(name)))
        assert seen["HostConfig"]["ReadonlyRootfs"], name
        limit = container["resources"]["limits"]["memory"]
        assert seen["HostConfig"]["Memory"] == int(limit.removesuffix("Mi")) << 20, name


def test_shards_know_their_numbers_and_a_client_has_a_live_book(node):
    told = {name: node.exec(name, "printenv", "LF_SHARD").strip() for name in node.pods
            if name.startswith("normalize-")}  # fmt: skip
    assert told == {f"normalize-{index}": str(index) for index in range(4)}
    ask = ("lf", "book", "BTC-USD", "--json", "--depth", "3", "--gateway", "http://gateway-1:8000")
    book = json.loads(node.exec("gateway-0", *ask))
    assert (book["state"], len(book["bids"]), len(book["asks"])) == ("live", 3, 3)


def test_every_role_ends_with_0_when_its_pod_is_stopped(node):
    roles = [pod for pod in node.pods if pod.rpartition("-")[0] in ROLES or pod in ROLES]
    assert len(roles) == 9
    node.podman("stop", "-t", "30", *map(node.container, roles))
    for pod in roles:
        [seen] = json.loads(node.podman("inspect", node.container(pod)))
        assert seen["State"]["ExitCode"] == 0, node.logs(pod)
