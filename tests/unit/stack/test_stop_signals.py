import os
import signal

import pytest
from processes import until

from ledgerflux.stack.stop_signals import STOP_SIGNALS, stop_signals


@pytest.mark.parametrize("signum", STOP_SIGNALS)
async def test_each_signal_asks_by_name_while_open(signum):
    asked: list[str] = []
    with stop_signals(asked.append):
        os.kill(os.getpid(), signum)
        await until(lambda: asked)
    assert asked == [signum.name]


@pytest.mark.parametrize("signum", STOP_SIGNALS)
async def test_nothing_of_ours_hears_a_signal_afterwards(signum):
    with stop_signals(lambda _: None):
        pass
    assert signal.getsignal(signum) in (signal.SIG_DFL, signal.default_int_handler)
