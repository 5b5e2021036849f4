"""Points in time on the command line."""

import pytest

from ledgerflux.errors import ConfigError
from ledgerflux_cli.times import read_time

NOW_NS = 1_600_000_000_000_000_000


@pytest.mark.parametrize(
    ("text", "time_ns"),
    [
        ("2020-09-13T12:26:40Z", NOW_NS),
        ("2020-09-13T14:26:40.5+02:00", NOW_NS + 500_000_000),
        ("-15m", NOW_NS - 900_000_000_000),
        ("500ms", NOW_NS - 500_000_000),
    ],
)
def test_a_time_is_absolute_or_so_long_ago(text, time_ns):
    assert read_time("--since", text, NOW_NS) == time_ns


@pytest.mark.parametrize("text", ["", "noon", "-", "--5m", "5", "2020-13-01T00:00:00Z"])
def test_anything_else_is_told(text):
    with pytest.raises(ConfigError, match=r"--since: .* is neither a time such as"):
        read_time("--since", text, NOW_NS)
