"""What lies between the two sides of a book, and which of them is heavier."""

from decimal import Decimal

from ledgerflux_tui.lines import Line, Style
from ledgerflux_tui.present.bars import halves
from ledgerflux_tui.present.levels import EXACT, Step
from ledgerflux_tui.present.prices import MORE, digits

BASIS_POINTS = Decimal(10_000)
_HUNDREDTHS = Decimal("0.01")


def mid(bid: Decimal, ask: Decimal) -> Decimal:
    """Return the exact middle of two prices."""
    return EXACT.divide(EXACT.add(bid, ask), Decimal(2))


def basis_points(part: Decimal, whole: Decimal) -> Decimal:
    """Return `part` of `whole` in basis points, to two decimals; zero of nothing."""
    if not whole:
        return Decimal("0.00")
    return EXACT.quantize(EXACT.divide(EXACT.multiply(part, BASIS_POINTS), whole), _HUNDREDTHS)


def spread_line(bid: Decimal | None, ask: Decimal | None, width: int, *, ascii_only: bool) -> Line:
    """Return the line between asks and bids: spread, its basis points, and the mid price."""
    style, texts = _spread_texts(bid, ask)
    dash = "-" if ascii_only else "─"
    for text in texts:
        if len(text) + 6 <= width:
            return [(f" {text} ".center(width, dash), style)]
    return [(texts[-1][:width], style)]


def _spread_texts(bid: Decimal | None, ask: Decimal | None) -> tuple[Style, list[str]]:
    """Return the style, and what to say from most to least."""
    if bid is None or ask is None:
        missing = "no book" if bid is ask else "no bids" if bid is None else "no asks"
        return "warn", [missing]
    gap = EXACT.subtract(ask, bid)
    middle = mid(bid, ask)
    parts = f"{digits(gap)} ({basis_points(gap, middle)} bp)"
    if gap <= 0:
        word = "crossed" if gap < 0 else "locked"
        return "bad", [f"{word} {parts}", f"{word} {digits(gap)}", word]
    return "dim", [
        f"spread {parts} · mid {digits(middle)}",
        f"{digits(gap)} · mid {digits(middle)}",
        f"spread {digits(gap)}",
        digits(gap),
    ]


def pressure_line(bids: list[Step], asks: list[Step], width: int, *, ascii_only: bool) -> Line:
    """Return which share of the size shown is bid for, as a bar and in per cent."""
    bought = bids[-1].cum if bids else Decimal(0)
    total = EXACT.add(bought, asks[-1].cum if asks else Decimal(0))
    if not total:
        return [(fitted_left("bid - / - ask", width), "dim")]
    share = float(EXACT.divide(bought, total))
    per_cent = round(share * 100)
    tail = f" ask {per_cent:3d} / {100 - per_cent}"
    room = min(width - len("bid ") - len(tail) - 1, 40)
    if room < 4:
        return [(fitted_left(f"bid {per_cent} / {100 - per_cent} ask", width), "dim")]
    filled, rest = halves(share, room, ascii_only=ascii_only)
    return [("bid ", "bid"), (filled, "bar_bid"), (rest, "bar_ask"), (tail, "ask")]


def fitted_left(text: str, width: int) -> str:
    """Return `text` in at most `width` cells; `…` ends what had to be cut."""
    if len(text) <= width:
        return text
    return text[: width - 1] + MORE if width > 0 else ""
