"""The image as it is run: on a real engine, hardened as compose and Kubernetes do it."""

import json
import secrets
import subprocess
import sys
import time
from pathlib import Path

import pytest
from engine import BASE, EMBEDDED, IMAGE, ROOT

from ledgerflux.adapters.embedded.nats_server import MAX_PAYLOAD_BYTES

pytestmark = [pytest.mark.deploy, pytest.mark.timeout(600)]

OURS_BYTES_MAX = 120_000_000
"""What we add to the base image; docs/operations.md names it."""
STOP_S = 5.0
HARD = (
    "--read-only", "--tmpfs", "/tmp", "--cap-drop", "ALL",
    "--security-opt", "no-new-privileges", "--memory", "512m",
)  # fmt: skip
NATS_CONF = """
max_payload: {bytes}
jetstream {{ store_dir: "/data" }}
authorization {{ user: ledgerflux, password: "{password}" }}
"""
NATS = ("-e", "LF_NATS_URL=nats://ledgerflux@nats:4222")
POSTGRES = (
    "-e", "LF_POSTGRES_DSN=host=postgres dbname=ledgerflux user=ledgerflux",
    "-e", "LF_POSTGRES_PASSWORD_FILE=/run/secrets/password",
)  # fmt: skip
ROLES = {
    "exchange": (
        ("-e", "LF_EXCHANGE_HOST=0.0.0.0", "-e", "LF_EXCHANGE_PORT=9000",
         "-e", "LF_ADVERTISE=ws://exchange:9000/", "-e", "LF_SOURCE=synthetic:100"), "",
    ),
    "ingest": ((), ""),
    "normalize": (("-e", "LF_SHARDS=1", "--hostname", "normalize-0"), ""),
    "snapshot": (POSTGRES, ""),
    "gateway": (
        ("-e", "LF_HOST=0.0.0.0", "-e", "LF_PORT=8000", "-e", "LF_INSECURE_PUBLIC=true"), "gateway",
    ),
}  # fmt: skip
HTTP = ("-e", "LF_HTTP_HOST=0.0.0.0", "-e", "LF_HTTP_PORT=9100")


def wait_for(condition, seconds, told):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, told()
        time.sleep(0.2)


class Stack:
    """Containers on a network of their own, all gone afterwards."""

    def __init__(self, engine, folder):
        self.engine = engine
        self.mark = f"lf-{secrets.token_hex(4)}"
        self.password = folder / "password"
        self.password.write_text(f"p{secrets.token_hex(8)}\n")
        self.password.chmod(0o444)
        folder.chmod(0o755)
        self.conf = folder / "nats.conf"
        word = self.password.read_text().strip()
        self.conf.write_text(NATS_CONF.format(bytes=MAX_PAYLOAD_BYTES, password=word))
        self.names = []
        engine.docker("network", "create", self.mark)

    def run(self, name, image, *arguments, options=(), entrypoint=None, data=True):
        first = () if entrypoint is None else ("--entrypoint", entrypoint)
        place = ("-v", f"{self.mark}-{name}:/data") if data else ()
        self.engine.docker(
            "run", "-d", "--name", f"{self.mark}-{name}", "--network", self.mark,
            "--network-alias", name, *HARD, *place, *first,
            "-v", f"{self.password}:/run/secrets/password:ro", *options, image, *arguments,
        )  # fmt: skip
        self.names.append(name)

    def logs(self, name):
        return self.engine.docker("logs", "--tail", "20", f"{self.mark}-{name}", check=False)

    def state(self, name):
        [told] = json.loads(self.engine.docker("inspect", f"{self.mark}-{name}"))
        return told["State"]

    def end(self):
        for name in self.names:
            self.engine.docker("rm", "-f", "-v", f"{self.mark}-{name}", check=False)
            self.engine.docker("volume", "rm", "-f", f"{self.mark}-{name}", check=False)
        self.engine.docker("network", "rm", self.mark, check=False)


@pytest.fixture(scope="module")
def stack(engine, tmp_path_factory):
    """Yield all roles, started, on NATS and Postgres out of their wheels."""
    made = Stack(engine, tmp_path_factory.mktemp("secrets"))
    try:
        made.run(
            "nats", EMBEDDED, "-c", "/etc/nats.conf", entrypoint="nats-server",
            options=("-v", f"{made.conf}:/etc/nats.conf:ro"),
        )  # fmt: skip
        made.run(
            "postgres", EMBEDDED, "-m", "ledgerflux.adapters.embedded.serve_postgres",
            "--password-file", "/run/secrets/password", entrypoint="python",
        )  # fmt: skip
        for role, (options, kind) in ROLES.items():
            own = () if kind == "gateway" else HTTP
            check = (
                "--health-cmd", "python -IS /opt/ledgerflux/probe.py", "--health-interval", "1s",
                "--health-timeout", "5s", "--health-retries", "90",
            )  # fmt: skip
            file = ("-e", "LF_NATS_PASSWORD_FILE=/run/secrets/password", "--restart", "on-failure")
            made.run(role, IMAGE, "run", role, options=(*NATS, *file, *own, *options, *check))
        yield made
    finally:
        made.end()


def test_the_image_holds_little_beside_its_base(engine):
    sizes = {
        name: int(engine.docker("image", "inspect", "-f", "{{.Size}}", name).strip())
        for name in (BASE, IMAGE)
    }
    assert sizes[IMAGE] - sizes[BASE] < OURS_BYTES_MAX


def test_it_runs_as_nobody_special_and_can_change_nothing(engine):
    look = r"""
import os, json, shutil
lines = open('/proc/self/status').read().splitlines()
status = dict(line.split(':\t') for line in lines if ':\t' in line)
managers = ("pip", "pip3", "apt", "apt-get", "dpkg", "curl", "wget")
def writable(path):
    try:
        open(path + '/x', 'w').close(); return True
    except OSError:
        return False
print(json.dumps({
    "uid": os.getuid(), "gid": os.getgid(), "capabilities": int(status["CapEff"], 16),
    "new privileges": status["NoNewPrivs"], "seccomp": status["Seccomp"],
    "writable": [p for p in ("/", "/opt/ledgerflux", "/etc", "/usr/bin", "/tmp") if writable(p)],
    "managers": [p for p in managers if shutil.which(p)],
}))
"""
    told = json.loads(
        engine.docker("run", "--rm", *HARD, "--entrypoint", "python", IMAGE, "-c", look)
    )
    assert told == {
        "uid": 10001, "gid": 10001, "capabilities": 0, "new privileges": "1", "seccomp": "2",
        "writable": ["/tmp"], "managers": [],
    }  # fmt: skip


def test_there_is_no_pip_module_either(engine):
    shown = engine.docker(
        "run", "--rm", *HARD, "--entrypoint", "python", IMAGE, "-m", "pip", "--version", check=False
    )
    assert shown == ""


@pytest.mark.parametrize("role", ROLES)
def test_every_role_becomes_healthy_by_its_own_check(stack, role):
    wait_for(
        lambda: stack.state(role)["Health"]["Status"] == "healthy", 90, lambda: stack.logs(role)
    )


@pytest.mark.parametrize("role", [*list(ROLES)[1:], "exchange"])
def test_sigterm_drains_and_ends_every_role_within_five_seconds(stack, role):
    wait_for(
        lambda: stack.state(role)["Health"]["Status"] == "healthy", 90, lambda: stack.logs(role)
    )
    began = time.monotonic()
    stack.engine.docker("stop", "-t", "20", f"{stack.mark}-{role}")
    took_s = time.monotonic() - began
    assert stack.state(role)["ExitCode"] == 0, stack.logs(role)
    assert took_s < STOP_S


def test_the_dockerfile_is_without_fault():
    program = str(Path(sys.executable).with_name("hadolint"))
    ran = subprocess.run(
        [program, str(ROOT / "Dockerfile")], capture_output=True, text=True, check=False
    )
    assert (ran.returncode, ran.stdout) == (0, ""), ran.stdout + ran.stderr
