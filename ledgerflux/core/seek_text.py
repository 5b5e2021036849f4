"""Places of a recording as people write them."""

import re

from ledgerflux.core.seek_target import Seek
from ledgerflux.model.units import NANOS_PER_MS, NANOS_PER_S, parse_time_ns

FORMS = "+10s, -1m, start, end, 50%, 13:47:22 or 2026-01-31T13:47:22Z"
DAY_NS = 24 * 3600 * NANOS_PER_S
_UNITS = {
    "ms": NANOS_PER_MS,
    "s": NANOS_PER_S,
    "m": 60 * NANOS_PER_S,
    "h": 3600 * NANOS_PER_S,
}
_AWAY = re.compile(r"([+-])(\d{1,9}(?:\.\d{1,3})?)(ms|s|m|h)", re.ASCII)
_SHARE = re.compile(r"(\d{1,3}(?:\.\d{1,3})?)%", re.ASCII)
_CLOCK = re.compile(r"(\d{1,2}):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?", re.ASCII)


def read_seek(text: str, span_ns: int, begin_ns: int | None) -> Seek | None:
    """Return the place that `text` names in a recording of this length; None: it names none.

    A time of day is the first one at or after `begin_ns`, which a recording without times has not.
    """
    if text == "start":
        return Seek(at_ns=0)
    if text == "end":
        return Seek(at_ns=span_ns)
    if match := _AWAY.fullmatch(text):
        whole = int(float(match[2]) * _UNITS[match[3]])
        return Seek(by_ns=-whole if match[1] == "-" else whole)
    if match := _SHARE.fullmatch(text):
        return Seek(at_ns=int(span_ns * min(100.0, float(match[1])) / 100))
    if match := _CLOCK.fullmatch(text):
        return None if begin_ns is None else _at_clock(match, begin_ns)
    time_ns = parse_time_ns(text)
    return None if time_ns is None else Seek(to_ns=time_ns)


def _at_clock(match: re.Match[str], begin_ns: int) -> Seek | None:
    hour, minute, second = int(match[1]), int(match[2]), int(match[3] or 0)
    if hour > 23 or minute > 59 or second > 59:
        return None
    fraction_ns = int((match[4] or "").ljust(9, "0"))
    clock_ns = ((hour * 60 + minute) * 60 + second) * NANOS_PER_S + fraction_ns
    midnight_ns = begin_ns - begin_ns % DAY_NS
    coarse_ns = begin_ns - begin_ns % NANOS_PER_S  # a clock without a fraction means its second
    time_ns = midnight_ns + clock_ns
    return Seek(to_ns=time_ns if time_ns >= coarse_ns else time_ns + DAY_NS)
