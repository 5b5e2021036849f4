import inspect

import pytest

from ledgerflux.core.speaker import Speaker
from ledgerflux.wire import gateway_frames

SAID = [name for name in vars(Speaker) if not name.startswith("_")]


@pytest.mark.parametrize("name", SAID)
def test_the_wire_says_everything_core_may_ask_for(name):
    asked = list(inspect.signature(getattr(Speaker, name)).parameters)[1:]
    made = inspect.signature(getattr(gateway_frames, name)).parameters
    assert list(made)[: len(asked)] == asked
    more = [made[other] for other in list(made)[len(asked) :]]
    assert all(parameter.default is not inspect.Parameter.empty for parameter in more)
