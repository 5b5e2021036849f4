"""Who takes part, what must be installed for it, and how a client speaks to it."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from ledgerflux.adapters.embedded.nats_server import find_binary
from ledgerflux.bench.gateway.messages import PRODUCTS
from ledgerflux.bench.gateway.sink import Speech
from ledgerflux.bench.peers import SCRIPTS, environment_root
from ledgerflux.errors import MissingDependency

NOT_INSTALLED = "not installed: lf bench gateway --peers"
PLAIN = Speech("/", (), b"ready")


def _subscribed(channel: str, products: Sequence[str]) -> Speech:
    params = {"channel": channel, "product_ids": products}
    if channel == "level2":
        params["depth"] = "full"
    request = json.dumps({"method": "subscribe", "params": params}).encode()
    return Speech("/v1/ws", (request,), b'"type":"subscribed"')


OURS = _subscribed("level2", PRODUCTS)
IDLE = _subscribed("status", PRODUCTS[:1])
"""Of ours, where nothing is sent: one topic that begins with no book, as the others' does."""
NATS = Speech(
    "/", (b'CONNECT {"verbose":false,"pedantic":false}\r\nSUB t 1\r\nPING\r\n',), b"PONG", True
)
SOCKET_IO = Speech("/socket.io/?EIO=4&transport=websocket", (b"40",), b"40{")

Start = Callable[[Path, "Load"], Sequence[str | Path]]
"""The command that starts a server, of its environment and what it will send."""


class Load(NamedTuple):
    """What is sent: a file of messages, levels changed in each, and clients at most."""

    messages: Path
    changes: int
    clients: int

    @property
    def message_bytes(self) -> int:
        """Return the size of a message, on average."""
        held = json.loads(self.messages.read_bytes())
        texts = [json.dumps(message, separators=(",", ":")) for message in held]
        return round(sum(map(len, texts)) / len(texts))


class Contender(NamedTuple):
    """A server; `requirements` are those of `tool`, pip or npm; `program` must be there."""

    name: str
    told: str
    speech: Speech
    start: Start
    tool: str = ""
    requirements: tuple[str, ...] = ()
    program: str = ""


def _script(name: str) -> Path:
    return SCRIPTS / name


def _ours(_: Path, load: Load) -> Sequence[str | Path]:
    module = "ledgerflux.bench.gateway.ours"
    return (sys.executable, "-m", module, str(load.changes), str(load.clients))


def _ours_twice(folder: Path, load: Load) -> Sequence[str | Path]:
    return (*_ours(folder, load), "2")


def _nats(_: Path, load: Load) -> Sequence[str | Path]:
    return (sys.executable, _script("nats_peer.py"), load.messages, find_binary())


def _broadcast(_: Path, load: Load) -> Sequence[str | Path]:
    return (sys.executable, _script("broadcast_peer.py"), load.messages)


def _fastapi(folder: Path, load: Load) -> Sequence[str | Path]:
    return (folder / "bin" / "python", _script("fastapi_peer.py"), load.messages)


def _ws(_: Path, load: Load) -> Sequence[str | Path]:
    return ("node", _script("ws_peer.cjs"), load.messages)


def _socketio(_: Path, load: Load) -> Sequence[str | Path]:
    return ("node", _script("socketio_peer.cjs"), load.messages)


def _recovering(_: Path, load: Load) -> Sequence[str | Path]:
    return ("node", _script("socketio_peer.cjs"), load.messages, "recovering")


def _bun(folder: Path, load: Load) -> Sequence[str | Path]:
    binary = folder / "node_modules" / "@oven" / "bun-linux-x64" / "bin" / "bun"
    return (binary, _script("bun_peer.cjs"), load.messages)


CONTENDERS: dict[str, Contender] = {
    item.name: item
    for item in (
        Contender("ours", "the gateway role", OURS, _ours),
        Contender(
            "fastapi",
            "FastAPI 0.165.0 on uvicorn 0.54.0 and uvloop, send_json",
            PLAIN,
            _fastapi,
            "pip",
            ("fastapi==0.165.0", "uvicorn[standard]==0.54.0"),
        ),
        Contender("broadcast", "websockets.broadcast on uvloop", PLAIN, _broadcast),
        Contender("ws", "node ws 8.23.0, send", PLAIN, _ws, "npm", ("ws@8.23.0",), "node"),
        Contender(
            "socketio",
            "socket.io 4.8.4, emit",
            SOCKET_IO,
            _socketio,
            "npm",
            ("socket.io@4.8.4",),
            "node",
        ),
        Contender("nats", "nats-server's own WebSocket", NATS, _nats),
        Contender(
            "bun",
            "Bun 1.4.5, publish",
            PLAIN,
            _bun,
            "npm",
            ("@oven/bun-linux-x64@1.4.5",),
        ),
    )
}

TWO = CONTENDERS["ours"]._replace(told="two gateways of one stack", start=_ours_twice)
RECOVERING = CONTENDERS["socketio"]._replace(
    told="socket.io 4.8.4, connection state recovery", start=_recovering
)
"""As above, where clients come back."""


def folder_of(contender: Contender, environment: Mapping[str, str]) -> Path:
    """Return where what a contender needs is kept."""
    name = "-".join(contender.requirements[:1]).replace("==", "-").replace("@oven/", "")
    return environment_root(environment) / (name.replace("@", "-") or "none")


def missing(contender: Contender, *, install: bool) -> str:
    """Return why a contender can't take part, empty where it can; installs it if asked to."""
    if contender.name == "nats":
        try:
            find_binary()
        except MissingDependency as error:
            return f"not installed: {error.message}"
    if not contender.requirements:
        return ""
    if contender.program and shutil.which(contender.program) is None:
        return f"not installed: {contender.program}"
    folder = folder_of(contender, os.environ)
    if (folder / "installed.json").exists():
        return ""
    if not install:
        return NOT_INSTALLED
    return _install(contender, folder)


def _install(contender: Contender, folder: Path) -> str:
    """Install what a contender needs; return why it can't be, empty where it could."""
    folder.mkdir(parents=True, exist_ok=True)
    wanted = contender.requirements
    commands: tuple[Sequence[str | Path], ...]
    if contender.tool == "pip":
        pip = (folder / "bin" / "python", "-m", "pip", "install", "--quiet")
        commands = ((sys.executable, "-m", "venv", folder), (*pip, *wanted))
    else:
        commands = (("npm", "install", "--silent", "--prefix", folder, *wanted),)
    for command in commands:
        try:
            done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
        except OSError as error:
            return f"can't be installed: {command[0]}: {error.strerror}"
        if done.returncode:
            last = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
            return f"can't be installed: {last}"
    (folder / "installed.json").write_text(json.dumps({"requirements": wanted}), encoding="utf-8")
    return ""
