import json

import pytest

from ledgerflux.bench.gateway import contenders
from ledgerflux.bench.gateway.contenders import CONTENDERS, NOT_INSTALLED, Load, missing
from ledgerflux.bench.gateway.contest import INVERSE, ONE_KEYS, TEN_KEYS, ratios
from ledgerflux.bench.gateway.crowds import IDLE_KEYS
from ledgerflux.bench.gateway.stalling import STALL_KEYS
from ledgerflux.bench.gateway.suite import ROWS
from ledgerflux.bench.musts import BY_KEY
from ledgerflux.bench.peers import environment_root


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return environment_root({"XDG_CACHE_HOME": str(tmp_path)})


def test_every_figure_has_a_must_and_every_contender_a_figure():
    keys = {*TEN_KEYS.values(), *ONE_KEYS.values(), *IDLE_KEYS.values(), *STALL_KEYS}
    keys |= {key for row, _ in ROWS for key in row} | {"gateway_message", "gateway_spread"}
    assert keys == {key for key in BY_KEY if key.startswith("gateway_")}
    assert set(TEN_KEYS) == set(CONTENDERS) - {"ours"}
    for key in (*TEN_KEYS.values(), *ONE_KEYS.values()):
        assert BY_KEY[key].higher is (key not in {TEN_KEYS[name] for name in INVERSE})


@pytest.mark.parametrize("name", sorted(CONTENDERS))
def test_each_is_started_by_a_script_that_is_there(name, tmp_path):
    load = Load(tmp_path / "messages.json", 2, 100)
    command = CONTENDERS[name].start(tmp_path, load)
    scripts = [part for part in command if str(part).endswith(("peer.py", "peer.cjs"))]
    assert len(scripts) == (name != "ours")
    assert all(script.is_file() for script in scripts)


def test_who_is_not_installed_is_named(cache):
    assert missing(CONTENDERS["fastapi"], install=False) == NOT_INSTALLED
    assert missing(CONTENDERS["ours"], install=False) == ""
    assert missing(CONTENDERS["broadcast"], install=False) == ""


def test_who_was_installed_is_not_installed_again(cache, monkeypatch):
    monkeypatch.setattr(contenders.subprocess, "run", lambda *_, **__: pytest.fail("it ran"))
    folder = cache / "fastapi-0.165.0"
    folder.mkdir(parents=True)
    (folder / "installed.json").write_text("{}")
    assert missing(CONTENDERS["fastapi"], install=True) == ""


@pytest.mark.parametrize(("name", "folder"), [("bun", "bun-linux-x64-1.4.5"), ("ws", "ws-8.23.0")])
def test_what_npm_installs_is_remembered(cache, monkeypatch, name, folder):
    ran = []
    monkeypatch.setattr(contenders.shutil, "which", lambda program: f"/usr/bin/{program}")
    monkeypatch.setattr(
        contenders.subprocess,
        "run",
        lambda command, **_: ran.append(command) or Done(0),
    )
    assert missing(CONTENDERS[name], install=True) == ""
    assert [command[:2] for command in ran] == [("npm", "install")]
    held = json.loads((cache / folder / "installed.json").read_text())
    assert held == {"requirements": list(CONTENDERS[name].requirements)}


class Done:
    def __init__(self, returncode, stderr=""):
        self.returncode, self.stderr = returncode, stderr


def test_who_cant_be_installed_is_named_with_the_reason_and_tried_again(cache, monkeypatch):
    answers = [Done(1, "a\nno such package"), Done(1)]
    monkeypatch.setattr(contenders.subprocess, "run", lambda *_, **__: answers.pop(0))
    fastapi = CONTENDERS["fastapi"]
    assert missing(fastapi, install=True) == "can't be installed: no such package"
    assert missing(fastapi, install=True) == "can't be installed: no reason given"


def test_without_node_or_npm_the_reason_is_told(monkeypatch):
    def nothing(*_, **__):
        raise FileNotFoundError(2, "No such file or directory")

    monkeypatch.setattr(contenders.shutil, "which", lambda _: None)
    assert missing(CONTENDERS["ws"], install=True) == "not installed: node"
    monkeypatch.setattr(contenders.subprocess, "run", nothing)
    why = missing(CONTENDERS["bun"], install=True)
    assert why == "can't be installed: npm: No such file or directory"


def test_of_who_is_gone_the_row_says_why():
    gone = dict.fromkeys(CONTENDERS, "") | {"bun": NOT_INSTALLED}
    [row] = ratios({"bun": "gateway_bun"}, {}, "500 clients", gone)
    assert (row.value, row.doubt) == (None, NOT_INSTALLED)
    gone["ours"] = "not measured: it ended"
    [row] = ratios({"ws": "gateway_ws"}, {}, "500 clients", gone)
    assert row.doubt == "not measured: it ended"
