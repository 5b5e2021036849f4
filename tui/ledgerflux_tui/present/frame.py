"""Frames around panels, and lines made to fit."""

from collections.abc import Sequence

from ledgerflux_tui.lines import Line, Segment, Style

_THIN = "┌─┐│└┘"
_HEAVY = "┏━┓┃┗┛"
_ASCII_THIN = "+-+|++"
_ASCII_HEAVY = "+=+|++"
ELLIPSIS = "…"


def fit(line: Line, width: int, *, ascii_only: bool = False) -> Line:
    """Return `line` in exactly `width` cells: filled up, or cut with a mark that says so."""
    found: Line = []
    room = width
    for text, style in line:
        if len(text) > room:
            mark = "~" if ascii_only else ELLIPSIS
            found.append((text[: room - 1] + mark if room else "", style))
            if not room:
                found = _marked(found, mark)
            return found
        found.append((text, style))
        room -= len(text)
    if room:
        found.append((" " * room, "plain"))
    return found


def _marked(line: Line, mark: str) -> Line:
    """Put the mark of a cut in place of the last cell there is."""
    for at in range(len(line) - 1, -1, -1):
        text, style = line[at]
        if text:
            return [*line[:at], (text[:-1] + mark, style)]
    return line


def framed(
    title: Line,
    lines: Sequence[Line],
    width: int,
    height: int,
    *,
    focused: bool = False,
    ascii_only: bool = False,
) -> list[Line]:
    """Return exactly `height` lines of `width` cells: `lines` within a frame that has a title.

    The frame of what has the focus is heavy.
    """
    thin, heavy = (_ASCII_THIN, _ASCII_HEAVY) if ascii_only else (_THIN, _HEAVY)
    corner, level, corner_right, side, low, low_right = tuple(heavy if focused else thin)
    style: Style = "head" if focused else "dim"
    head = fit([(" ", "plain"), *title, (" ", "plain")], _title_width(title, width - 4))
    used = sum(len(text) for text, _ in head)
    top: Line = [(corner + level, style), *head, (level * (width - 3 - used) + corner_right, style)]
    inside = width - 4 if width > 60 else width - 2
    pad = " " * ((width - 2 - inside) // 2)
    body: list[Line] = []
    for at in range(height - 2):
        line = lines[at] if at < len(lines) else []
        filled = fit(line, inside, ascii_only=ascii_only)
        body.append([(side + pad, style), *filled, (pad + side, style)])
    return [top, *body, [(low + level * (width - 2) + low_right, style)]][:height]


def inside(width: int, height: int) -> tuple[int, int]:
    """Return how many cells and lines there are within a frame of this size."""
    return max(0, width - (4 if width > 60 else 2)), max(0, height - 2)


def marked(title: Line, mark: Segment, most: int, *, ascii_only: bool = False) -> Line:
    """Return `title` with `mark` at its end in at most `most` cells: the mark is never cut."""
    room = max(0, most - len(mark[0]) - 1)
    if sum(len(text) for text, _ in title) > room:
        title = fit(title, room, ascii_only=ascii_only)
    return [*title, (" ", "plain"), mark]


def _title_width(title: Line, most: int) -> int:
    return max(0, min(most, sum(len(text) for text, _ in title) + 2))
