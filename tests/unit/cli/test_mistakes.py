import errno

import pytest
import typer

from ledgerflux.errors import BusError, ConfigError, GatewayError, IntegrityError, NotRunning
from ledgerflux_cli.mistakes import command_path, leaves, told


def group(*errors):
    return ExceptionGroup("unhandled errors in a TaskGroup", list(errors))


def test_an_error_of_ours_is_told_as_it_is():
    error = NotRunning("no stack")
    assert told(error, ()) is error


def test_of_a_group_the_error_that_says_most_is_told():
    inner = IntegrityError("lost")
    assert told(group(BusError("gone"), group(inner)), ()) is inner
    assert told(group(group(BusError("gone"))), ()).code == "bus_unavailable"


def test_a_bug_in_a_group_does_not_hide_behind_an_outage():
    assert told(group(BusError("gone"), ValueError("x")), ()) is None
    assert told(KeyError("x"), ()) is None


def test_the_leaves_of_an_error_are_those_of_all_its_groups():
    one, two = ValueError(1), ValueError(2)
    assert list(leaves(group(one, group(two)))) == [one, two]
    assert list(leaves(one)) == [one]


@pytest.mark.parametrize(
    ("error", "code", "exit_code", "text"),
    [
        (PermissionError(errno.EACCES, "denied", "/x"), "permission_denied", 5, "/x: denied"),
        (OSError(errno.EROFS, "read-only", "/x"), "permission_denied", 5, "/x: read-only"),
        (ConnectionRefusedError(errno.ECONNREFUSED, "no"), "gateway_unreachable", 3, "answers"),
        (OSError(errno.ENOSPC, "full", "/x"), "system", 1, "/x: full"),
        (OSError("plain"), "system", 1, "plain"),
        (OSError(), "system", 1, "OSError"),
        (TimeoutError(), "timeout", 4, "in time"),
    ],
)
def test_what_the_machine_refuses_has_a_code_and_a_reason(error, code, exit_code, text):
    shown = told(group(error), ())
    assert (shown.code, shown.exit_code) == (code, exit_code)
    assert text in shown.message


def test_an_unfit_value_is_told_without_the_words_of_the_framework():
    shown = told(typer.BadParameter("--depth: 'x' is no number."), ["book"])
    assert isinstance(shown, ConfigError)
    assert shown.message == "--depth: 'x' is no number"
    assert shown.try_next == ("lf book --help",)


@pytest.mark.parametrize(
    ("message", "meant"),
    [
        ("--level: 'eror' is none of debug, info, error", ": did you mean error?"),
        ("no service 'postgers' here: there are nats, postgres", ": did you mean postgres?"),
        ("--source: 'synthetc' is no source: auto or synthetic", ": did you mean synthetic?"),
        ("--x: 'a' is none of a, b: did you mean a?", ""),
        ("--x: 'zzzz' is none of debug, info", ""),
    ],
)
def test_a_refused_value_is_told_with_what_was_meant(message, meant):
    shown = told(ConfigError(message, code="bad_argument"), ["logs"])
    assert shown.message == message + meant
    assert shown.try_next == ("lf logs --help",)


def test_a_gateway_that_is_none_is_told_with_the_way_to_one():
    shown = told(GatewayError("http://h answered 404"), ["status"])
    assert (shown.code, shown.exit_code) == ("gateway_unreachable", 3)
    assert shown.try_next[0] == "lf status"
    kept = GatewayError("gone", try_next=["lf up"])
    assert told(kept, ["status"]) is kept


def test_the_next_step_of_an_error_stays_its_own():
    assert told(ConfigError("x", try_next=["lf down"]), ["up"]).try_next == ("lf down",)
    assert told(ConfigError("the data set is another's"), ["up"]).try_next == ()


def test_the_command_is_the_first_word_where_it_is_one():
    assert command_path(["up", "--shards"]) == "lf up"
    assert command_path(["--shards"]) == command_path([]) == "lf"
