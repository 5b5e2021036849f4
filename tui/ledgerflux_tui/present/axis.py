"""Both sides of a book on one axis of prices: which rows are seen, and their texts in columns."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from ledgerflux_tui.present.levels import BookSide, Level, Step, exact, grouped, steps_of
from ledgerflux_tui.present.prices import Number, aligned, written


@dataclass(frozen=True, slots=True)
class Look:
    """How a book is looked at.

    Attributes:
        depth: Levels or groups of each side, None for all there are.
        group: The width of a group of prices, None for levels as quoted.
        cut: Whether the book goes on beyond the levels given.
        last: Price of the last trade.
        cursor: Price of the level that is pointed at.
        unit: What sizes are counted in.
        before: Sizes by price, as they were a moment ago: what differs flashes.
        ascii_only: Marks that every terminal has.
    """

    depth: int | None = None
    group: Decimal | None = None
    cut: bool = False
    last: Number | None = None
    cursor: Decimal | None = None
    unit: str = ""
    before: Mapping[str, str] | None = None
    ascii_only: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """A level in texts; all rows of an axis have texts of the same widths."""

    side: BookSide
    step: Step
    price: str
    size: str
    cum: str
    before: str | None


@dataclass(frozen=True, slots=True)
class Axis:
    """Rows of both sides, best first, and the size that fills the width of a bar."""

    bids: list[Row]
    asks: list[Row]
    most: float = 0.0

    def at(self, position: int) -> Row | None:
        """Return the row so many steps below the spread, above it where negative.

        The spread itself, position 0, is no row.
        """
        rows, index = (self.asks, -position - 1) if position < 0 else (self.bids, position - 1)
        return rows[index] if 0 <= index < len(rows) else None

    def scaled(self, positions: range) -> "Axis":
        """Return it with the largest of the rows at `positions` as the whole width of a bar."""
        rows = [row for row in map(self.at, positions) if row is not None]
        return replace(self, most=float(max((row.step.size for row in rows), default=Decimal(0))))

    def position(self, price: Decimal | None) -> int | None:
        """Return where a price stands: at the last level that a sweep to it takes.

        Within the spread it stands at the nearer of the best levels; None stands nowhere.
        """
        if price is None or not (self.asks or self.bids):
            return None
        asks = sum(row.step.price <= price for row in self.asks)
        bids = sum(row.step.price >= price for row in self.bids)
        if asks or bids:
            return -asks if asks else bids
        if not self.asks or not self.bids:
            return -1 if self.asks else 1
        ask, bid = self.asks[0].step.price, self.bids[0].step.price
        return -1 if ask - price < price - bid else 1

    def widths(self) -> tuple[int, int, int]:
        """Return the widths of price, size and running sum."""
        row = next(iter(self.asks or self.bids), None)
        return (0, 0, 0) if row is None else (len(row.price), len(row.size), len(row.cum))


def axis_of(bids: Sequence[Level], asks: Sequence[Level], look: Look) -> Axis:
    """Return the rows of a book; levels come best first."""
    sides: tuple[tuple[BookSide, list[Step]], ...] = (
        ("bid", steps_seen(bids, "bid", look)),
        ("ask", steps_seen(asks, "ask", look)),
    )
    steps = [step for _, side in sides for step in side]
    prices = aligned([step.price for step in steps], zeros=True)
    sizes = aligned([step.size for step in steps])
    sums = aligned([step.cum for step in steps])
    earlier = _earlier(steps, sizes, look)
    rows: dict[BookSide, list[Row]] = {"bid": [], "ask": []}
    start = 0
    for side, found in sides:
        for at, step in enumerate(found, start):
            rows[side].append(Row(side, step, prices[at], sizes[at], sums[at], earlier[at]))
        start = len(found)
    return Axis(rows["bid"], rows["ask"])


def steps_seen(levels: Sequence[Level], side: BookSide, look: Look) -> list[Step]:
    """Return the levels or groups of one side that `look` shows."""
    if look.group is None:
        return steps_of(levels, look.depth)
    return grouped(levels, look.group, side, most=look.depth, cut=look.cut)


def _earlier(steps: list[Step], sizes: list[str], look: Look) -> list[str | None]:
    """Return what each size was a moment ago, in the shape it has now."""
    if look.before is None or look.group is not None:
        return [None] * len(steps)
    places = max((len(size) - len(size.partition(".")[0]) - 1 for size in sizes), default=0)
    found: list[str | None] = []
    for step, size in zip(steps, sizes, strict=True):
        then = look.before.get(written(step.price))
        if then is None or exact(then) == step.size:
            found.append(None)
        else:
            found.append(aligned([then], places=places)[0].rjust(len(size)))
    return found


def body_of(rows: int) -> tuple[int, int]:
    """Return the first line of the levels in a panel of so many lines, and how many they have.

    Titles stand above them from 8 lines on, the read-out below them from 7.
    """
    head, tail = int(rows >= 8), int(rows >= 7)
    return head, rows - head - tail


def price_at(axis: Axis, rows: int, look: Look, line: int) -> Decimal | None:
    """Return the price of the level in a line of a panel, None where there is none."""
    first, count = body_of(rows)
    if not 0 <= line - first < count:
        return None
    row = axis.at(seen(axis, count, look.cursor)[line - first])
    return None if row is None else row.step.price


def seen(axis: Axis, rows: int, cursor: Decimal | None) -> range:
    """Return the positions that fill `rows` lines: the spread, or the cursor, in sight."""
    top = -(rows // 2)
    at = axis.position(cursor)
    margin = 1 if rows > 4 else 0
    if at is not None and at < top + margin:
        top = at - margin
    elif at is not None and at > top + rows - 1 - margin:
        top = at - rows + 1 + margin
    return range(top, top + rows)


def moved(axis: Axis, cursor: Decimal | None, by: int) -> Decimal | None:
    """Return the price so many levels below `cursor`, above it where `by` is negative.

    Without a cursor it goes on from the spread.
    """
    order = [row.step.price for row in (*reversed(axis.asks), *axis.bids)]
    if not order or not by:
        return cursor
    at = axis.position(cursor)
    middle = len(axis.asks)
    if at is None:
        index = middle + by - (1 if by > 0 else 0)
    else:
        index = middle + at + by - (1 if at > 0 else 0)
    return order[max(0, min(index, len(order) - 1))]
