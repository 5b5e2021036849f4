"""How points in time are read from the command line."""

from ledgerflux.errors import ConfigError


def read_time(flag: str, text: str, now_ns: int) -> int:
    """Return the nanoseconds of an RFC 3339 time, or of `-15m`: so long before `now_ns`.

    Raises:
        ConfigError: `text`, the value of `flag`, is neither.
    """
    from ledgerflux.model.units import NANOS_PER_S, parse_time_ns
    from ledgerflux_cli.options import read_duration

    time_ns = parse_time_ns(text)
    if time_ns is not None:
        return time_ns
    try:
        return now_ns - int(read_duration(flag, text.removeprefix("-")) * NANOS_PER_S)
    except ConfigError:
        raise ConfigError(
            f"{flag}: {text!r} is neither a time such as 2026-01-31T14:03:07Z nor -15m",
            code="bad_argument",
        ) from None
