"""Which of several errors a role ends with."""

import pytest

from ledgerflux.errors import BusError, Fenced, LogError
from ledgerflux.settings import ROLES
from ledgerflux.stack.build import BUILDERS, first_error


def test_every_role_can_be_built():
    assert set(BUILDERS) == set(ROLES)


@pytest.mark.parametrize(
    ("errors", "told"),
    [
        ([BusError("bus"), Fenced("held")], Fenced),
        ([BusError("bus"), ValueError("x")], BusError),
        ([ExceptionGroup("inner", [LogError("log")]), BusError("bus")], LogError),
        ([ValueError("x")], None),
    ],
)
def test_the_error_that_says_most_is_told(errors, told):
    found = first_error(ExceptionGroup("outer", errors))
    assert found is None if told is None else type(found) is told
