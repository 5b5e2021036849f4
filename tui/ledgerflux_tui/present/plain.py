"""Lines for terminals that have ASCII only."""

from ledgerflux_tui.lines import Line

_MARKS = {
    "·": "|", "…": "~", "─": "-", "│": "|", "┤": "|", "├": "|", "└": "`", "▶": ">", "◀": "<",
    "▲": "^", "▼": "v", "◆": "*", "●": "o", "○": ".", "◐": "@", "✕": "x", "≥": ">", "\u00d7": "x",
    "→": ">", "⚑": "!", "↯": "!", "‖": "|", "■": "#", "╋": "!", "▴": "^", "▾": "v",
    "↻": "@", "∿": "~",
}  # fmt: skip
_TABLE = str.maketrans(_MARKS)


def in_ascii(lines: list[Line]) -> list[Line]:
    """Return the lines with every mark as its ASCII twin, of the same width."""
    return [[(text.translate(_TABLE), style) for text, style in line] for line in lines]
