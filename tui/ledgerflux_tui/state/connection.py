"""The connection to the gateway, and what the gateway says of the stack as a whole."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Phase = Literal["connecting", "open", "lost"]


@dataclass(slots=True)
class Connection:
    """Whether what the screens show comes from somewhere now.

    Attributes:
        gateway: Its address.
        phase: `lost`: what was known stays, and is old.
        attempt: Of connecting again; 0 while it is open.
        why: How it was lost.
        since_ns: When the phase began.
        source: What the stack's market is: `synthetic:200`, `replay:FILE`, a venue.
        durability: The profile of the stack's log.
        state: The gateway's word for the whole stack.
        gaps: Gaps of all streams; None: not known.
        problems: What is wrong, a line each.
        note: What the gateway refused last.
    """

    gateway: str = ""
    phase: Phase = "connecting"
    attempt: int = 0
    why: str = ""
    since_ns: int = 0
    source: str = ""
    durability: str = ""
    state: str = ""
    gaps: int | None = None
    problems: tuple[str, ...] = ()
    note: str = ""

    def opened(self, gateway: str, now_ns: int) -> None:
        """The gateway answers."""
        self.gateway, self.phase, self.since_ns = gateway, "open", now_ns
        self.attempt, self.why = 0, ""

    def lost(self, why: str, now_ns: int) -> None:
        """The gateway is gone, or still is: one attempt more."""
        if self.phase != "lost":
            self.phase, self.since_ns, self.attempt = "lost", now_ns, 0
        self.attempt += 1
        self.why = why

    def take(self, status: Mapping[str, Any]) -> None:
        """Take what a status says of the whole stack.

        Raises:
            KeyError: It lacks what every status has.
        """
        self.source, self.durability = str(status["source"]), str(status["durability"])
        self.state, self.gaps = str(status["state"]), status["gaps"]
        self.problems = tuple(map(str, status["problems"]))
