import json

import pytest

from ledgerflux.settings import DEFAULT_PRODUCTS
from ledgerflux_cli.complete import FILES_MAX, complete
from ledgerflux_cli.tree import all_commands


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return {"HOME": str(tmp_path)}


@pytest.fixture
def stack(tmp_path):
    made = tmp_path / "stack"
    (made / "logs").mkdir(parents=True)
    for name in ("gateway", "normalize-0", "normalize-1"):
        (made / "logs" / f"{name}.log").write_text("")
    (made / "run.json").write_text(json.dumps({"request": {"products": ["ABC-USD", "ABD-USD"]}}))
    return made


def test_every_command_and_every_flag_is_completed(home):
    for command in all_commands():
        *before, last = command["path"].split()
        assert last in complete([*before, last[:2]], home)
        flags = complete([*command["path"].split(), "-"], home)
        assert {name for flag in command["flags"] for name in flag["names"]} <= set(flags)
        assert {"--help", "-h"} <= set(flags)


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("st", ["status", "stream"]),
        ("--v", ["--version"]),
        ("run n", ["normalize"]),
        ("wait --for h", ["healthy"]),
        ("wait --for=lag", ["--for=lag=0"]),
        ("wait --for s", ["seq="]),
        ("sub --channel t", ["trades", "ticker"]),
        ("up --source r", ["replay:"]),
        ("up --at-end ", ["hold", "exit", "loop"]),
        ("up --target l", ["local"]),
        ("up --at-end hold p", ["postgres"]),
        ("up --shards 3", []),
        ("logs --level e", ["error"]),
        ("help e", ["exit-codes", "errors", "environment"]),
        ("help wa", ["wait"]),
        ("completion z", ["zsh"]),
        ("down --volumes --v", []),
        ("nonsense ", []),
        ("run nonsense ", []),
        ("down ", []),
        ("completion zsh ", []),
    ],
)
def test_what_stands_in_the_table_is_proposed(home, line, found):
    assert complete(line.split(" "), home) == found


def test_no_words_at_all_are_the_commands(home):
    assert complete([], home) == complete([""], home)
    assert "up" in complete([], home)


def test_products_are_those_of_the_stack_that_is_meant(home, stack):
    ours = ["ABC-USD", "ABD-USD"]
    assert complete(["book", ""], home) == list(DEFAULT_PRODUCTS)
    assert complete(["book", ""], home | {"LF_DATA_DIR": str(stack)}) == ours
    assert complete(["book", "--data-dir", str(stack), ""], home) == ours
    assert complete(["book", f"--data-dir={stack}", "ABD"], home) == ["ABD-USD"]
    assert complete(["sub", "--data-dir", str(stack), "ABC-USD", "ABD"], home) == ["ABD-USD"]


def test_lists_of_products_go_on_after_the_comma(home):
    assert complete(["up", "--products", "BTC-USD,E"], home) == ["BTC-USD,ETH-USD"]
    assert "BTC-USD,BTC-USD" not in complete(["up", "--products", "BTC-USD,"], home)
    assert complete(["up", "--products=BTC-USD,E"], home) == ["--products=BTC-USD,ETH-USD"]


@pytest.mark.parametrize("content", ["", "{", "[]", '{"request": 3}', '{"request": {}}'])
def test_a_broken_run_file_leaves_the_default_products(home, stack, content):
    (stack / "run.json").write_text(content)
    assert complete(["book", ""], home | {"LF_DATA_DIR": str(stack)}) == list(DEFAULT_PRODUCTS)


def test_services_are_those_that_have_a_log(home, stack):
    found = complete(["logs", ""], home | {"LF_DATA_DIR": str(stack)})
    assert found == ["normalize", "gateway", "normalize/0", "normalize/1"]
    assert complete(["logs", ""], home) == []
    assert complete(["logs", ""], {"HOME": "relative"}) == []


def test_files_are_those_that_fit(home, tmp_path):
    (tmp_path / "days").mkdir()
    for name in ("days/a.jsonl.gz", "days/b.txt", "c.lfr", ".hidden"):
        (tmp_path / name).write_text("")
    assert complete(["recording", "info", ""], home) == ["c.lfr", "days/"]
    assert complete(["recording", "info", "days/"], home) == ["days/a.jsonl.gz"]
    assert complete(["up", "--source", "replay:days/a"], home) == ["replay:days/a.jsonl.gz"]
    assert complete(["up", "--data-dir", "d"], home) == ["days/"]
    assert complete(["doctor", "--report", ""], home) == ["c.lfr", "days/"]
    assert complete(["doctor", "--report", ".h"], home) == [".hidden"]
    assert complete(["doctor", "--report", "none/"], home) == []


def test_a_huge_directory_is_not_read_to_its_end(home, tmp_path):
    for number in range(FILES_MAX + 20):
        (tmp_path / f"f{number}.lfr").write_text("")
    assert len(complete(["recording", "info", "f"], home)) == FILES_MAX
