"""Where in a recording a seek leads: by time of the recording, from its beginning, or from here."""

from typing import NamedTuple

from ledgerflux.core.market_source import Extent


class Seek(NamedTuple):
    """A place to go to, said in one of three ways; nanoseconds."""

    to_ns: int | None = None
    """A time, since 1970 UTC."""
    at_ns: int | None = None
    """From the beginning."""
    by_ns: int | None = None
    """From here; back where it is negative."""


def target_ns(extent: Extent, here_ns: int, seek: Seek) -> int | None:
    """Return the offset that `seek` means from the offset `here_ns`; what is outside is cut off.

    None where a time was asked for and the recording has none.
    """
    if seek.at_ns is not None:
        offset_ns = seek.at_ns
    elif seek.by_ns is not None:
        offset_ns = here_ns + seek.by_ns
    elif extent.begin_ns is None:
        return None
    else:
        offset_ns = (seek.to_ns or 0) - extent.begin_ns
    return max(0, min(offset_ns, extent.span_ns))
