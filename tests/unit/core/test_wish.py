import pytest

from ledgerflux.core.wish import on_slow_of


@pytest.mark.parametrize(
    ("channel", "asked", "granted"),
    [("trades", None, "gap"), ("level2", None, "snapshot"), ("status", "disconnect", "disconnect")],
)
def test_what_happens_to_the_slow_fits_the_channel(channel, asked, granted):
    assert on_slow_of(channel, asked) == granted
