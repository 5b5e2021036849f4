"""Which lines of its logs a deployment is asked for."""

from typing import NamedTuple


class LogWish(NamedTuple):
    """What `lf logs` was asked for.

    Attributes:
        services: Whose; empty for all.
        follow: Whether those that are still to come, too.
        tail: Only so many of the last ones of each; None for all.
        since: Only from this RFC 3339 time on; None for all.
        prefix: Whether each line says whose it is.
    """

    services: tuple[str, ...] = ()
    follow: bool = False
    tail: int | None = None
    since: str | None = None
    prefix: bool = True
