import json

import pytest

from ledgerflux.settings import parse_source
from ledgerflux_cli.app import run_command
from ledgerflux_cli.columns import rows_of
from ledgerflux_cli.command_table import COMMANDS
from ledgerflux_cli.conditions import CONDITIONS, read_condition
from ledgerflux_cli.effects import EFFECTS, effect_of
from ledgerflux_cli.exit_codes import EXIT_CODES
from ledgerflux_cli.root_help import TOPICS as NAMED_TOPICS
from ledgerflux_cli.topics import FEEDS, TOPICS
from ledgerflux_cli.tree import all_commands, command_at

LEAVES = [command for command in all_commands() if not command["commands"]]


@pytest.fixture
def lf(capsys):
    def run(*arguments):
        code = run_command(arguments)
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run


@pytest.mark.parametrize("command", LEAVES, ids=lambda command: command["path"])
def test_every_command_has_examples_that_are_its_own(command):
    assert command["examples"]
    for line in command["examples"]:
        assert f"lf {command['path']}" in line


def test_the_tree_says_all_of_a_command():
    command = command_at("sub")
    assert command["group"] == "Watch"
    assert (command["impact"], command["exit_codes"]) == ("ro", [0, 1, 2, 3, 7, 130])
    (argument,) = command["arguments"]
    assert argument["many"] is True
    flags = {flag["names"][0]: flag for flag in command["flags"]}
    assert flags["--gateway"]["env"] == "LF_GATEWAY"
    assert flags["--strict"] | {"help": ""} == {
        "names": ["--strict"], "metavar": None, "type": "boolean", "default": False,
        "env": None, "required": False, "many": False, "help": "",
    }  # fmt: skip
    assert flags["--channel"]["many"] is True
    assert "--help" not in flags


def test_the_whole_tree_is_one_json_document(lf):
    code, out, _ = lf("help", "--json")
    document = json.loads(out)
    assert (code, document["schema"]) == (0, "lf.help/1")
    paths = [command["path"] for command in document["commands"]]
    assert paths[0] == "up"
    assert {"run", "run normalize", "replay start", "doctor"} <= set(paths)
    assert len(set(paths)) == len(paths)


def test_a_command_within_a_group_is_explained(lf):
    assert lf("help", "replay", "start") == lf("replay", "start", "--help")
    document = json.loads(lf("help", "replay", "start", "--json")[1])
    assert [command["path"] for command in document["commands"]] == ["replay start"]


def test_every_command_has_its_effect_and_no_other_has():
    names = {entry.name for entry in COMMANDS}
    assert {path.partition(" ")[0] for path in EFFECTS} == names
    known = {row.code for row in EXIT_CODES}
    for path in EFFECTS:
        assert command_at(path) is not None
        assert set(effect_of(path).exits) <= known


@pytest.mark.parametrize("name", TOPICS)
def test_every_topic_is_text_and_a_document(lf, name):
    code, out, err = lf("help", name)
    assert (code, err) == (0, "")
    assert len(out.splitlines()) > 3
    document = json.loads(lf("help", name, "--json")[1])
    assert document["schema"] == f"lf.{name.replace('config', 'settings')}/1"


def test_every_topic_is_named_where_a_user_looks(lf):
    assert tuple(TOPICS) == NAMED_TOPICS
    help_on_help = " ".join(lf("help", "--help")[1].split())
    assert f"Topics: {', '.join(TOPICS)}." in help_on_help


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (("erors",), "no help on 'erors': did you mean errors?"),
        (("zzzz",), "there is exit-codes, errors"),
        (("replay", "stat"), "no help on 'replay stat'"),
        (("zzzz", "--json"), "no help on 'zzzz'"),
    ],
)
def test_what_there_is_no_help_on_is_said_with_what_was_meant(lf, asked, said):
    code, out, err = lf("help", *asked)
    assert (code, out) == (2, "")
    assert said in err


def test_every_condition_that_is_explained_can_be_waited_for():
    for form, _ in CONDITIONS:
        read_condition(form.replace("PRODUCT:N", "BTC-USD:7").replace("=N", "=7"))


def test_every_source_that_is_explained_is_one():
    for source, _ in FEEDS:
        parse_source(source.replace("[:RATE]", ":200"))


def test_columns_stand_below_each_other():
    assert rows_of([("a", "bb", "c"), ("aaa", "b", "cc")]) == ["  a    bb  c", "  aaa  b   cc"]
