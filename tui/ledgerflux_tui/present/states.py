"""States of processes as a sign and a word: neither means anything by its colour alone."""

from collections import Counter
from collections.abc import Iterable

from ledgerflux_tui.lines import Segment
from ledgerflux_tui.view import state_style

_MARKS = {"good": "●", "warn": "◐", "bad": "✕", "plain": "○"}
_ASCII_MARKS = {"good": "o", "warn": "@", "bad": "x", "plain": "."}


def state_word(state: str) -> str:
    """Return a state as people write it."""
    return state.replace("_", " ")


def state_cell(state: str, *, ascii_only: bool = False) -> Segment:
    """Return a state as its sign and its word."""
    style = state_style(state)
    mark = (_ASCII_MARKS if ascii_only else _MARKS)[style]
    return f"{mark} {state_word(state)}", style


def states_line(states: Iterable[str]) -> str:
    """Return how many are in which state: `3 ready · 1 catching up`, the good ones first."""
    counted = Counter(states)
    ordered = sorted(counted, key=lambda state: (state != "ready", state))
    return " · ".join(f"{counted[state]} {state_word(state)}" for state in ordered)
