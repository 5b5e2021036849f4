import pytest

from ledgerflux_cli.command_table import WATCH, Entry
from ledgerflux_cli.root import LateCommands


@pytest.fixture
def commands():
    return LateCommands(
        {
            "book": Entry("book", WATCH, "Print."),
            "topics": Entry("topics", WATCH, "Explain.", "help:help_topic"),
            "market": Entry("market", WATCH, "Control.", "replay:replay"),
            "gone": Entry("gone", WATCH, "Is not there."),
        }
    )


def test_names_are_known_before_anything_is_imported(commands):
    assert list(commands) == ["book", "topics", "market", "gone"]
    assert len(commands) == 4
    assert "gone" in commands
    assert "up" not in commands


def test_a_command_is_built_once_when_it_is_looked_up(commands):
    assert commands["book"] is commands["book"]
    assert commands["book"].name == "book"
    assert commands.get("nonsense") is None


def test_a_module_may_name_its_object_otherwise_and_may_be_a_group(commands):
    assert commands["topics"].name == "topics"
    assert "start" in commands["market"].commands


def test_a_module_that_is_missing_shows_when_it_is_wanted(commands):
    with pytest.raises(ModuleNotFoundError):
        commands["gone"]
