"""What of a stream a client asks for: how deep, and how often."""

from typing import Literal, NamedTuple, get_args

Depth = Literal[1, 10, 25, 50, 100, 500, 1000, "full"]
Conflation = Literal["none", "50ms", "100ms", "250ms", "1s", "latest"]

CONFLATIONS: tuple[Conflation, ...] = get_args(Conflation)
DEPTHS: tuple[Depth, ...] = get_args(Depth)
DEPTH_DEFAULT: Depth = 50
GRID_MS = 50
"""Conflated streams are told at multiples of it, by the wall clock."""
INTERVALS: dict[Conflation, int] = {"50ms": 1, "100ms": 2, "250ms": 5, "1s": 20}
"""How many ticks of the grid lie between two tellings."""


class Terms(NamedTuple):
    """Levels of each side (level2 only), and how often they are told."""

    depth: Depth = "full"
    conflate: Conflation = "none"


WHOLE = Terms()
"""Everything, as it comes."""
