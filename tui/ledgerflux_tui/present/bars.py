"""Bars of eighth blocks: how much of a width, flush left or flush right, or one beside another."""

_LEFT = " ▏▎▍▌▋▊▉"
_RIGHT = " ▕▕▐▐▐▐▐"
"""There are no right-flush blocks but these two: an eighth and a half."""


def bar(
    part: float, most: float, width: int, *, right: bool = False, ascii_only: bool = False
) -> str:
    """Return a bar of exactly `width` cells, filled as `part` is of `most`.

    What is more than nothing always shows.
    """
    if part <= 0 or most <= 0 or width <= 0:
        return " " * max(width, 0)
    share = min(part / most, 1.0)
    if ascii_only:
        text = "#" * max(1, round(share * width))
    else:
        whole, eighths = divmod(max(1, round(share * width * 8)), 8)
        end = (_RIGHT if right else _LEFT)[eighths] if eighths else ""
        text = end + "█" * whole if right else "█" * whole + end
    return text.rjust(width) if right else text.ljust(width)


def halves(share: float, width: int, *, ascii_only: bool = False) -> tuple[str, str]:
    """Return two texts that fill `width` cells: `share` of it, and what remains."""
    filled = bar(max(0.0, min(share, 1.0)), 1.0, width, ascii_only=ascii_only).rstrip()
    rest = ("." if ascii_only else "░") * (width - len(filled))
    return filled, rest
