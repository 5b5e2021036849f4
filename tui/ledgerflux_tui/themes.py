"""The themes: dark, light, the terminal's own palette, high contrast, and blue beside orange.

Every colour of the dashboard is named here and nowhere else.
"""

from dataclasses import replace

from textual.theme import BUILTIN_THEMES, Theme

NAMES = ("dark", "light", "terminal", "contrast", "colour-blind")
DEFAULT = "dark"
COLOURLESS = "terminal"
"""What NO_COLOR takes: only its colours can be left out."""

_DARK = {
    "lf-bid": "#4ec98a", "lf-ask": "#f2777a", "lf-bar-bid": "#2e7d57", "lf-bar-ask": "#96474b",
    "lf-dim": "#8a94a3", "lf-stale": "#646d7a", "lf-select": "#ffd479", "lf-good": "#4ec98a",
    "lf-warn": "#f0b45b", "lf-bad": "#ff6b70", "lf-head": "#e8edf4", "lf-flash": "#ffffff",
}  # fmt: skip
_LIGHT = {
    "lf-bid": "#0b6b3a", "lf-ask": "#b3202a", "lf-bar-bid": "#5fae83", "lf-bar-ask": "#d98388",
    "lf-dim": "#5c6672", "lf-stale": "#8a929c", "lf-select": "#7a4b00", "lf-good": "#0b6b3a",
    "lf-warn": "#8a5300", "lf-bad": "#b3202a", "lf-head": "#10151c", "lf-flash": "#000000",
}  # fmt: skip
_TERMINAL = {
    "lf-bid": "ansi_green", "lf-ask": "ansi_red", "lf-bar-bid": "ansi_green",
    "lf-bar-ask": "ansi_red", "lf-dim": "ansi_bright_black", "lf-stale": "ansi_bright_black",
    "lf-select": "ansi_yellow", "lf-good": "ansi_green", "lf-warn": "ansi_yellow",
    "lf-bad": "ansi_red", "lf-head": "ansi_default", "lf-flash": "ansi_default",
}  # fmt: skip
_CONTRAST = {
    "lf-bid": "#00ff87", "lf-ask": "#ff8f8f", "lf-bar-bid": "#00b060", "lf-bar-ask": "#e05050",
    "lf-dim": "#d0d0d0", "lf-stale": "#a8a8a8", "lf-select": "#ffff00", "lf-good": "#00ff87",
    "lf-warn": "#ffd700", "lf-bad": "#ff6060", "lf-head": "#ffffff", "lf-flash": "#ffffff",
}  # fmt: skip
_BLIND = {
    **_DARK, "lf-bid": "#56b4e9", "lf-ask": "#e69f00", "lf-bar-bid": "#2f6f94",
    "lf-bar-ask": "#8f6400", "lf-good": "#56b4e9", "lf-warn": "#f0e442", "lf-bad": "#e69f00",
}  # fmt: skip
DEFAULTS = _DARK
_ANSI = BUILTIN_THEMES["ansi-dark"]

THEMES: dict[str, Theme] = {
    "dark": Theme("dark", primary="#5fa8ff", foreground="#c9d1dc", background="#11151c",
                  surface="#171c25", panel="#1d2430", variables=_DARK),
    "light": Theme("light", primary="#0f5cb8", foreground="#242b35", background="#fbfcfd",
                   surface="#f1f4f7", panel="#e6ebf0", dark=False, variables=_LIGHT),
    "terminal": replace(_ANSI, name="terminal", variables={**_ANSI.variables, **_TERMINAL}),
    "contrast": Theme("contrast", primary="#ffff00", foreground="#ffffff", background="#000000",
                      surface="#000000", panel="#101010", variables=_CONTRAST),
    "colour-blind": Theme("colour-blind", primary="#56b4e9", foreground="#c9d1dc",
                          background="#11151c", surface="#171c25", panel="#1d2430",
                          variables=_BLIND),
}  # fmt: skip


def following(name: str) -> str:
    """Return the theme after `name`."""
    at = NAMES.index(name) if name in NAMES else -1
    return NAMES[(at + 1) % len(NAMES)]
