"""What panels may be given to show: books, trades, and rooms of any size."""

from decimal import Decimal

from hypothesis import strategies as st

from ledgerflux_tui.lines import text_of

widths = st.integers(0, 90)
rows = st.integers(0, 40)
sizes = st.decimals("0.00000001", "99999", places=8) | st.integers(1, 5000).map(Decimal)


@st.composite
def books(draw, most=25):
    """Draw bids and asks, best first, as texts, never crossed."""
    places = draw(st.integers(0, 4))
    tick = Decimal(1).scaleb(-places)
    bids = sorted(draw(st.sets(st.integers(1, 500), max_size=most)), reverse=True)
    asks = sorted(draw(st.sets(st.integers(501, 1000), max_size=most)))
    base = draw(st.sampled_from([0, 60_000, 1_000_000]))
    sides = []
    for ticks in (bids, asks):
        levels = [(format((base + at) * tick, "f"), format(draw(sizes), "f")) for at in ticks]
        sides.append(levels)
    return sides[0], sides[1]


def fits(lines, width, height):
    """Tell whether lines fill a room and stay within it."""
    return len(lines) == height and all(
        sum(len(text) for text, _ in line) <= max(width, 0) for line in lines
    )


def texts(lines):
    """Return lines as texts."""
    return [text_of(line) for line in lines]
