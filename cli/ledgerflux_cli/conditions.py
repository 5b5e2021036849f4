"""What `lf wait` can wait for: conditions as pure questions to a status document."""

import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from ledgerflux.errors import ConfigError
from ledgerflux_cli.close_match import none_of

Status = Mapping[str, Any]

_SEQ = re.compile(r"([A-Z0-9:a-z-]+):([0-9]+)", re.ASCII)
CONDITIONS = (
    ("up", "every service is ready"),
    ("healthy", "nothing is degraded"),
    ("first-update", "something has come through"),
    ("replay-end", "the recording has ended, and all of it is with every role"),
    ("lag=0", "the normalizers have caught up"),
    ("clients=N", "at least N clients are connected"),
    ("seq=PRODUCT:N", "the product's level2 stream has reached N"),
)
"""What can be waited for, and when it holds."""
FORMS = ", ".join(form for form, _ in CONDITIONS)


class Answer(NamedTuple):
    """Whether a condition holds, and if not, what is still missing."""

    holds: bool
    missing: str = ""


Condition = Callable[[Status], Answer]


def read_condition(text: str) -> Condition:
    """Return the condition that `text` names.

    Raises:
        ConfigError: It names none.
    """
    name, _, value = text.partition("=")
    if not value and text in _PLAIN:
        return _PLAIN[text]
    if text == "lag=0":
        return no_lag
    if name == "clients" and value.isdigit():
        return lambda status: clients(status, int(value))
    if name == "seq" and (match := _SEQ.fullmatch(value)):
        product, number = match[1], int(match[2])
        return lambda status: seq(status, product, number)
    forms = [form for form, _ in CONDITIONS]
    raise ConfigError(none_of("--for", text, forms), code="bad_argument")


def is_up(status: Status) -> Answer:
    """Every service is ready."""
    waiting = [
        row["name"] for row in status["services"] if row["state"] not in ("ready", "stopped")
    ]
    return Answer(not waiting, f"not ready: {', '.join(waiting)}")


def healthy(status: Status) -> Answer:
    """Nothing is degraded."""
    problems = "; ".join(status.get("problems") or [])
    return Answer(status["state"] == "healthy", problems or f"the stack is {status['state']}")


def first_update(status: Status) -> Answer:
    """Something has come through."""
    return Answer(bool(status["counts"].get("norm_events")), "no update has come through")


def replay_end(status: Status) -> Answer:
    """The recording has ended, and all of it is with every role."""
    replay = status.get("replay") or {}
    if not replay.get("ended"):
        return Answer(False, "the recording has not ended")
    return Answer(bool(replay.get("through")), "not all of it is through yet")


def no_lag(status: Status) -> Answer:
    """The normalizers have caught up."""
    behind = {str(row["shard"]): row["lag_records"] for row in status["shards"]}
    missing = [f"shard {shard} by {lag} records" for shard, lag in behind.items() if lag]
    return Answer(bool(behind) and not missing, f"behind: {', '.join(missing) or 'no shard yet'}")


def clients(status: Status, count: int) -> Answer:
    """At least `count` clients are connected."""
    connected = status.get("clients")
    number = connected if isinstance(connected, int) else 0
    return Answer(number >= count, f"{number} of {count} clients")


def seq(status: Status, product: str, number: int) -> Answer:
    """The product's level2 stream has reached `number`."""
    head = (status.get("heads") or {}).get(product)
    reached = head.get("level2", 0) if isinstance(head, dict) else head or 0
    return Answer(reached >= number, f"{product} is at {reached} of {number}")


_PLAIN: dict[str, Condition] = {
    "up": is_up,
    "healthy": healthy,
    "first-update": first_update,
    "replay-end": replay_end,
}
