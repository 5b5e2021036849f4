"""What each command does to the world, and how it may end: for the help, docs and scripts."""

from typing import Literal, NamedTuple

Impact = Literal["ro", "rw"]
COMMON = (0, 1, 2, 130)
"""Exit codes that every command may have."""


class Effect(NamedTuple):
    """One command's.

    Attributes:
        impact: `rw` where it starts, stops, changes or deletes something, else `ro`.
        exits: Exit codes beside the common ones.
    """

    impact: Impact
    exits: tuple[int, ...] = ()


EFFECTS: dict[str, Effect] = {
    "up": Effect("rw", (3, 4, 5, 6)),
    "down": Effect("rw", (3, 5, 6)),
    "status": Effect("ro", (3, 5, 10)),
    "restart": Effect("rw", (3, 4, 6)),
    "render": Effect("ro", (5,)),
    "clean": Effect("rw", (6,)),
    "wait": Effect("ro", (3, 4)),
    "run": Effect("rw", (3, 4, 5, 6, 7)),
    "health": Effect("ro"),
    "doctor": Effect("ro", (5, 6)),
    "logs": Effect("ro", (3, 5)),
    "tui": Effect("rw", (3, 143)),
    "top": Effect("ro", (3,)),
    "sub": Effect("ro", (3, 7)),
    "book": Effect("ro", (3, 4)),
    "products": Effect("ro", (3,)),
    "stream": Effect("ro", (3,)),
    "dlq": Effect("ro", (3,)),
    "open": Effect("ro", (3, 5)),
    "recording": Effect("ro", (7,)),
    "replay": Effect("rw", (3, 6)),
    "replay status": Effect("ro", (3, 6)),
    "loadtest": Effect("rw", (3, 4, 5, 6, 98, 99)),
    "bench": Effect("rw", (5, 98, 99)),
    "verify": Effect("ro", (3, 7)),
    "token": Effect("rw", (6,)),
    "token verify": Effect("ro"),
    "config": Effect("ro"),
    "version": Effect("ro"),
    "completion": Effect("ro"),
    "help": Effect("ro"),
}
"""By command; those of a group are their group's unless they stand here themselves."""


def effect_of(path: str) -> Effect:
    """Return the effect of the command `path` (`replay start`), else that of its group."""
    return EFFECTS.get(path) or EFFECTS.get(path.partition(" ")[0]) or Effect("ro")
