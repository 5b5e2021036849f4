import asyncio
from pathlib import Path

import pytest
from gateway_support import conf, on_sockets

from ledgerflux.adapters.system_clock import SystemClock
from ledgerflux.client import way
from ledgerflux.client.way import Way
from ledgerflux.core.credentials import Keyring
from ledgerflux.roles.gateway_guard import GatewayGuard
from ledgerflux.roles.runtime import write_feed
from ledgerflux.testing.memory_bus import MemoryBus
from ledgerflux_cli.app import run_command
from ledgerflux_cli.command_table import COMMANDS
from ledgerflux_cli.root import build_command


@pytest.fixture(autouse=True)
def unchanged(monkeypatch):
    monkeypatch.setattr(way, "_usual", Way())


def test_each_command_that_asks_a_gateway_elsewhere_can_be_told_whom_to_trust():
    taking = {
        entry.name
        for entry in COMMANDS
        if {"--gateway-ca", "--token-file"}
        <= {flag for parameter in build_command(entry).params for flag in parameter.opts}
    }
    assert taking == {"status", "wait", "tui", "top", "sub", "book", "products", "loadtest"}


def test_a_file_to_trust_that_is_none_is_told_in_one_line(tmp_path, capsys):
    file = tmp_path / "ca.pem"
    file.touch()
    asked = ["products", "--gateway", "https://127.0.0.1:1", "--gateway-ca", str(file)]
    assert run_command(asked) == 2
    assert "error[bad_certificate]" in capsys.readouterr().err


def test_the_variable_says_the_same(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("LF_GATEWAY_CA", str(tmp_path / "none.pem"))
    assert run_command(["products", "--gateway", "https://127.0.0.1:1"]) == 2
    assert "none.pem" in capsys.readouterr().err


def test_a_token_is_read_from_its_file_and_goes_where_the_authority_goes(tmp_path, capsys):
    (tmp_path / "t").write_text("lfk.a.b\n")
    asked = ["products", "--gateway", "http://127.0.0.1:1", "--token-file", str(tmp_path / "t")]
    assert run_command([*asked, "--gateway-ca", "x.pem"]) == 3
    assert way.usual_way() == Way(ca_file=Path("x.pem"), token="lfk.a.b")
    assert "lfk" not in capsys.readouterr().err


async def test_who_is_not_let_in_is_told_so_with_1(tmp_path, capsys):
    guard = GatewayGuard(SystemClock(), authority=Keyring({}))
    bus = MemoryBus()
    await write_feed(bus, conf())
    async with on_sockets(bus, guard=guard) as gateway:
        address = f"http://127.0.0.1:{gateway.port}"
        asked = ["products", "--gateway", address]
        assert await asyncio.to_thread(run_command, asked) == 1
    assert "error[auth_required]" in capsys.readouterr().err
