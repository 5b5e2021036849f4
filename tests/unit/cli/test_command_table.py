import pkgutil

import pytest

from ledgerflux_cli import commands
from ledgerflux_cli.command_table import COMMANDS, PANELS
from ledgerflux_cli.root import build_command

HELP_WIDTH = 66


@pytest.mark.parametrize("entry", COMMANDS, ids=lambda entry: entry.name)
def test_the_table_says_what_the_command_says_of_itself(entry):
    command = build_command(entry)
    assert command.name == entry.name
    said = " ".join(command.help.split("\n\n")[0].split())
    assert entry.help.endswith(".")
    assert said.startswith(entry.help.removesuffix("."))
    assert len(entry.help) <= HELP_WIDTH


def test_every_command_has_a_group_and_a_name_of_its_own():
    assert {entry.panel for entry in COMMANDS} <= set(PANELS)
    assert len({entry.name for entry in COMMANDS}) == len(COMMANDS)


def test_every_command_module_is_reached_from_the_table():
    modules = {module.name for module in pkgutil.iter_modules(commands.__path__)}
    reached = {(entry.place or entry.name).partition(":")[0] for entry in COMMANDS}
    assert modules == reached
