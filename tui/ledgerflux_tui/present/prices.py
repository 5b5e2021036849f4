"""Prices and sizes as people read them: digits in threes, points in line, changes marked.

Digits are those the venue wrote: nothing here rounds, and what is cut off leaves `…`.
"""

from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import lru_cache
from itertools import groupby

from ledgerflux_tui.lines import Segment, Style

Number = Decimal | str
"""An exact number: a Decimal, or the text the venue wrote."""

Trim = Callable[[str, int], str]
"""Fits a text into so many cells."""

MORE = "…"
"""Stands where text was cut off."""

_KEPT = 512
"""Numbers whose texts are remembered: those in sight, which the next frame mostly shows again."""


def written(value: Number) -> str:
    """Return the text of `value`, every decimal as it was, never with an exponent."""
    return value if isinstance(value, str) else format(value, "f")


def digits(value: Number) -> str:
    """Return `value` with its digits in threes and every decimal it has."""
    # The cache knows texts only: 1.5 and 1.50 are equal as Decimals.
    return _in_threes(value if isinstance(value, str) else format(value, "f"))


@lru_cache(maxsize=_KEPT)
def _in_threes(text: str) -> str:
    whole, point, fraction = text.partition(".")
    sign, whole = ("-", whole[1:]) if whole.startswith("-") else ("", whole)
    first = len(whole) % 3
    threes = [whole[at : at + 3] for at in range(first, len(whole), 3)]
    parts = [whole[:first], *threes] if first else threes
    return sign + ",".join(parts) + point + fraction


def decimals(value: Number) -> int:
    """Return how many decimals `value` is written with."""
    return len(written(value).partition(".")[2])


def padded(text: str, places: int, fill: str = " ") -> str:
    """Return `text` with `fill` where decimals are missing, so that points stand in line."""
    whole, _, fraction = text.partition(".")
    if not places or (len(fraction) == places and fraction):
        return text
    if fraction or fill == "0":
        return f"{whole}.{fraction}{fill * (places - len(fraction))}"
    return whole + " " * (places + 1)


def aligned(values: Sequence[Number], *, zeros: bool = False, places: int = 0) -> list[str]:
    """Return the texts of a column, all of one width, points below each other.

    Args:
        values: The numbers.
        zeros: Whether missing decimals are written as zeros, as in a column of prices.
        places: Decimals to leave room for even where no number has so many.
    """
    texts = [digits(value) for value in values]
    places = max([places, *(len(text.partition(".")[2]) for text in texts)])
    texts = [padded(text, places, "0" if zeros else " ") for text in texts]
    width = max(map(len, texts), default=0)
    return [text.rjust(width) for text in texts]


def fitted(text: str, width: int) -> str:
    """Return `text` in exactly `width` cells, flush right; `…` ends what had to be cut."""
    if len(text) <= width:
        return text.rjust(width)
    bare = text.rstrip()
    if len(bare) <= width:
        return bare.rjust(width)
    return bare[: width - 1] + MORE if width > 0 else ""


def cut(text: str, width: int) -> str:
    """Return `text` in exactly `width` cells, its last decimals left out without a mark.

    For columns whose title says that digits are left out. Where none but zeros would be left,
    `…` says that it is more than nothing.
    """
    if len(text) <= width:
        return text.rjust(width)
    short = text[:width]
    whole = "." not in text or text.index(".") > width
    if whole or (not short.strip("0., ") and text.strip("0., ")):
        return fitted(text, width)
    return short[:-1] + " " if short.endswith(".") else short


def flashed(before: str | None, now: str, style: Style) -> list[Segment]:
    """Return `now` with the characters that differ from `before` in style `flash`.

    The two are compared from the right, as they stand in a column. Nothing flashes where
    `before` is None.
    """
    if before is None or before == now or not now:
        return [(now, style)]
    before = before[-len(now) :].rjust(len(now))
    marked = zip(now, (one != other for one, other in zip(now, before, strict=True)), strict=True)
    return [
        ("".join(character for character, _ in run), "flash" if new else style)
        for new, run in groupby(marked, key=lambda pair: pair[1])
    ]
