import re

import pytest

from ledgerflux import errors
from ledgerflux.errors import (
    AppendInDoubt,
    AppendRefused,
    BadRecording,
    BusError,
    ConfigError,
    Conflict,
    FeedError,
    Fenced,
    GatewayError,
    IntegrityError,
    LedgerFluxError,
    LogError,
    MissingDependency,
    NotRunning,
    StackError,
    StoreError,
    Timeout,
    Unhealthy,
)

EXIT_CODES = {
    LedgerFluxError: 1,
    StackError: 1,
    FeedError: 1,
    ConfigError: 2,
    BadRecording: 2,
    NotRunning: 3,
    BusError: 3,
    AppendRefused: 3,
    AppendInDoubt: 3,
    StoreError: 3,
    GatewayError: 3,
    Timeout: 4,
    MissingDependency: 5,
    Conflict: 6,
    Fenced: 6,
    LogError: 7,
    IntegrityError: 7,
    Unhealthy: 10,
}
RETRYABLE = {BusError, AppendRefused, AppendInDoubt, StoreError, FeedError}


def tree(base=LedgerFluxError):
    yield base
    for child in base.__subclasses__():
        if child.__module__ == errors.__name__:
            yield from tree(child)


KINDS = list(tree())


@pytest.mark.parametrize("kind", KINDS)
def test_every_class_has_an_exit_code_of_the_one_table(kind):
    assert kind.exit_code == EXIT_CODES[kind]


@pytest.mark.parametrize("kind", KINDS)
def test_trying_again_helps_only_where_the_outside_may_come_back(kind):
    assert kind.retryable is (kind in RETRYABLE)


def test_every_class_has_a_code_of_its_own():
    codes = [kind.code for kind in tree()]
    assert len(set(codes)) == len(codes)
    assert all(re.fullmatch(r"[a-z]+(_[a-z]+)*", code) for code in codes)


@pytest.mark.parametrize("kind", KINDS)
def test_every_class_stands_in_the_drawn_tree_with_its_code_first(kind):
    drawn = re.search(rf"\b{kind.__name__} +([a-z_]+)", errors.__doc__)
    assert drawn is not None
    assert drawn[1] == kind.code


def test_an_error_says_what_failed_and_what_to_try():
    error = Conflict("port 8000 is taken", code="port_in_use", try_next=["lf doctor"])
    assert str(error) == error.message == "port 8000 is taken"
    assert (error.code, error.try_next) == ("port_in_use", ("lf doctor",))
    assert Conflict("held").code == "already_running"
    assert Conflict("held").try_next == ()


def test_whoever_catches_a_family_catches_its_members():
    assert issubclass(Fenced, LogError)
    assert issubclass(AppendRefused, BusError)
    assert issubclass(AppendInDoubt, BusError)
    for kind in (NotRunning, Timeout, MissingDependency, Conflict, Unhealthy):
        assert issubclass(kind, StackError)


def test_the_lines_for_people_name_code_reason_and_each_way_on():
    error = Conflict("port 8000 is taken", code="port_in_use", try_next=["lf doctor", "lf down"])
    assert errors.lines_of(error) == [
        "error[port_in_use]: port 8000 is taken",
        "  next: lf doctor",
        "        lf down",
    ]
    assert errors.lines_of(Conflict("held")) == ["error[already_running]: held"]
