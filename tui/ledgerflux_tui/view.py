"""What people see of a stack, as pure functions from its status to lines.

A line is a list of (text, style) with styles by meaning: whoever draws maps them to
colours. Prices and sizes are shown as the venue wrote them, never rounded.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from ledgerflux.model.units import NANOS_PER_S, parse_time_ns

Style = Literal["plain", "dim", "head", "good", "warn", "bad", "bid", "ask"]
Segment = tuple[str, Style]
Line = list[Segment]
Status = Mapping[str, Any]

NOTHING = "-"
SEPARATOR: Segment = (" · ", "dim")
STYLE_OF_STATE: dict[str, Style] = {
    "healthy": "good",
    "ready": "good",
    "live": "good",
    "degraded": "warn",
    "starting": "warn",
    "restarting": "warn",
    "draining": "warn",
    "init": "warn",
    "syncing": "warn",
    "resyncing": "warn",
    "suspect": "bad",
    "stale": "bad",
    "halted": "bad",
    "failed": "bad",
    "down": "bad",
}


@dataclass(frozen=True, slots=True)
class Top:
    """One product as a client sees it now; texts as the venue wrote them, None: not known.

    Attributes:
        product: Its id.
        state: State of its book.
        integrity: What proves the book: `sequence`, `checksum` or `none`.
        bid: Best bid.
        bid_size: Its size.
        ask: Best ask.
        ask_size: Its size.
        last: Price of the last trade.
        seq: Sequence number of the last update.
        rate: Updates a second.
    """

    product: str
    state: str | None = None
    integrity: str | None = None
    bid: str | None = None
    bid_size: str | None = None
    ask: str | None = None
    ask_size: str | None = None
    last: str | None = None
    seq: int | None = None
    rate: float | None = None


@dataclass(frozen=True, slots=True)
class Quote:
    """Best prices and last trade of a product; texts as the venue wrote them."""

    bid: str | None = None
    bid_size: str | None = None
    ask: str | None = None
    ask_size: str | None = None
    last: str | None = None


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table: its title, which side it is flush to, and when it is left out.

    Of the columns that do not fit, the one with the highest `rank` goes first; rank 0
    always stays.
    """

    title: str
    right: bool = False
    rank: int = 0


def tops_of(
    status: Status,
    quotes: Mapping[str, Quote],
    *,
    before: Status | None = None,
    seconds: float = 1.0,
) -> list[Top]:
    """Return every product of `status`, with its quote where one is known.

    Args:
        status: The newest status.
        quotes: Prices by product.
        before: An earlier status of the same gateway: what the rate is measured from.
        seconds: The time between the two.
    """
    earlier = before["heads"] if before is not None else {}
    tops = []
    for product, head in sorted(status.get("heads", {}).items()):
        quote = quotes.get(product, Quote())
        last = earlier.get(product)
        rate = None
        if last is not None and last["epoch"] == head["epoch"]:
            rate = (head["level2"] - last["level2"]) / seconds
        tops.append(
            Top(
                product,
                state=head["state"],
                integrity=head["integrity"],
                bid=quote.bid,
                bid_size=quote.bid_size,
                ask=quote.ask,
                ask_size=quote.ask_size,
                last=quote.last,
                seq=head["level2"],
                rate=rate,
            )
        )
    return tops


def text_of(line: Line) -> str:
    """Return the text of a line without its styles."""
    return "".join(text for text, _ in line).rstrip()


def summary(status: Status, gateway: str | None = None) -> Line:
    """Return the one line that says it all."""
    line: Line = []
    for part in _summary_parts(status, gateway):
        line += [SEPARATOR, part] if line else [part]
    return line


def summary_lines(status: Status, width: int, gateway: str | None = None) -> list[Line]:
    """Return the summary, broken between its parts so that no line is wider than `width`."""
    lines: list[Line] = [[]]
    for part in _summary_parts(status, gateway):
        line = lines[-1]
        more = [SEPARATOR, part] if line else [part]
        if line and sum(len(text) for text, _ in (*line, *more)) > width:
            lines.append([part])
        else:
            line += more
    return lines


def _summary_parts(status: Status, gateway: str | None) -> Iterator[Segment]:
    state, gaps = str(status["state"]), status["gaps"]
    yield state, _style(state)
    yield f"source {status['source']}", "plain"
    if gateway is not None:
        yield gateway, "plain"
    yield f"durability {status['durability']}", "plain"
    yield f"{_number(rate_of(status))} msg/s", "plain"
    yield from ((text, "plain") for text in _latencies(status))
    yield f"gaps {NOTHING if gaps is None else gaps}", "bad" if gaps else "plain"


def rate_of(status: Status) -> float | None:
    """Return the messages a second of all shards, None where no shard is known."""
    rates = [row["rate"] for row in status["shards"]]
    return sum(rates) if rates else None


def _latencies(status: Status) -> list[str]:
    """Return the worst shard's median and 99th percentile."""
    found = []
    for name in ("p50", "p99"):
        values = [row[f"{name}_ms"] for row in status["shards"]]
        known = [value for value in values if value is not None]
        if known:
            found.append(f"{name} {milliseconds(max(known))}")
    return found


def problems(status: Status) -> list[Line]:
    """Return one line for each thing that is wrong."""
    return [[("! ", "bad"), (str(text), "plain")] for text in status.get("problems") or ()]


def products_table(tops: Iterable[Top], width: int) -> list[Line]:
    """Return the products, one a line, with as many columns as fit `width`."""
    columns = (
        Column("PRODUCT"),
        Column("BOOK"),
        Column("PROOF", rank=2),
        Column("BID SIZE", right=True, rank=4),
        Column("BID", right=True),
        Column("ASK", right=True),
        Column("ASK SIZE", right=True, rank=4),
        Column("LAST", right=True, rank=1),
        Column("SEQ", right=True, rank=3),
        Column("UPD/S", right=True, rank=1),
    )
    return _table(columns, [_top_cells(top) for top in tops], width)


def _top_cells(top: Top) -> list[Segment]:
    state = top.state or NOTHING
    return [
        (top.product, "head"),
        (state, _style(state)),
        proof(top.integrity),
        (top.bid_size or NOTHING, "dim"),
        (top.bid or NOTHING, "bid"),
        (top.ask or NOTHING, "ask"),
        (top.ask_size or NOTHING, "dim"),
        (top.last or NOTHING, "plain"),
        (NOTHING if top.seq is None else str(top.seq), "dim"),
        (_number(top.rate), "plain"),
    ]


def proof(integrity: str | None) -> Segment:
    """Return what proves a book; a feed without proof is called `unproven`."""
    if integrity is None:
        return NOTHING, "dim"
    return ("unproven", "warn") if integrity == "none" else (integrity, "plain")


def services_table(status: Status, width: int, *, now_ns: int) -> list[Line]:
    """Return the services, one a line."""
    columns = (
        Column("SERVICE"),
        Column("STATE"),
        Column("PID", right=True, rank=2),
        Column("CPU", right=True),
        Column("RSS", right=True),
        Column("RESTARTS", right=True),
        Column("SINCE", right=True, rank=1),
    )
    rows = []
    for row in status["services"]:
        restarts: Style = "warn" if row["restarts"] else "dim"
        cells: list[Segment] = [
            (row["name"], "head"),
            (row["state"], _style(row["state"])),
            (NOTHING if row["pid"] is None else str(row["pid"]), "dim"),
            (f"{row['cpu'] * 100:.0f}%", "plain"),
            (size(row["rss_bytes"]), "plain"),
            (str(row["restarts"]), restarts),
            (_age(row["since"], now_ns), "dim"),
        ]
        rows.append(cells)
    return _table(columns, rows, width)


def shards_table(status: Status, width: int) -> list[Line]:
    """Return the shards, one a line."""
    columns = (
        Column("SHARD", right=True),
        Column("STATE"),
        Column("MSG/S", right=True),
        Column("LAG", right=True),
        Column("LAG TIME", right=True, rank=3),
        Column("P50", right=True, rank=2),
        Column("P99", right=True),
        Column("PRODUCTS", rank=1),
    )
    rows = []
    for row in status["shards"]:
        lag: Style = "warn" if row["lag_records"] else "plain"
        cells: list[Segment] = [
            (str(row["shard"]), "head"),
            (row["state"], _style(row["state"])),
            (_number(row["rate"]), "plain"),
            (_number(row["lag_records"]), lag),
            (milliseconds(row["lag_ms"]), lag),
            (milliseconds(row["p50_ms"]), "plain"),
            (milliseconds(row["p99_ms"]), "plain"),
            (" ".join(row["products"]), "dim"),
        ]
        rows.append(cells)
    return _table(columns, rows, width)


def status_lines(status: Status, width: int, *, now_ns: int) -> list[Line]:
    """Return everything `lf status` shows."""
    lines = summary_lines(status, width)
    counts = " · ".join(
        f"{name.replace('_', ' ')} {NOTHING if count is None else _number(count)}"
        for name, count in status["counts"].items()
    )
    disk = f" · disk {size(status['disk_bytes'])}"
    lines.append([(counts + disk, "dim")])
    for part in (services_table(status, width, now_ns=now_ns), shards_table(status, width)):
        if len(part) > 1:
            lines += [[], *part]
    trouble = problems(status)
    return [*lines, [], *trouble] if trouble else lines


def _table(columns: Sequence[Column], rows: Sequence[Sequence[Segment]], width: int) -> list[Line]:
    """Return title and rows as aligned lines no wider than `width`."""
    widths = [
        max(len(column.title), *(len(row[index][0]) for row in rows), 0)
        for index, column in enumerate(columns)
    ]
    shown = list(range(len(columns)))
    while sum(widths[index] + 2 for index in shown) - 2 > width:
        droppable = [index for index in shown if columns[index].rank]
        if not droppable:
            break
        worst = max(columns[index].rank for index in droppable)
        shown = [index for index in shown if columns[index].rank != worst]
    titles: list[Segment] = [(column.title, "dim") for column in columns]
    return [_row(columns, widths, shown, cells) for cells in (titles, *rows)]


def _row(
    columns: Sequence[Column], widths: Sequence[int], shown: Sequence[int], cells: Sequence[Segment]
) -> Line:
    line: Line = []
    for index in shown:
        text, style = cells[index]
        pad = text.rjust(widths[index]) if columns[index].right else text.ljust(widths[index])
        line += [(pad, style), ("  ", "plain")]
    return line[:-1]


def _style(state: str) -> Style:
    return STYLE_OF_STATE.get(state, "plain")


def _number(value: float | None) -> str:
    if value is None:
        return NOTHING
    return f"{value:,.0f}" if value >= 10 or value == int(value) else f"{value:.1f}"


def milliseconds(value: float | None) -> str:
    """Return a time for people: `0.4 ms`, `21 ms`, `1.5 s`; it may be negative."""
    if value is None:
        return NOTHING
    if abs(value) >= 1000:
        return f"{value / 1000:.1f} s"
    return f"{value:.1f} ms" if abs(value) < 10 else f"{value:.0f} ms"


def size(value: int | None) -> str:
    """Return bytes for people, in powers of 1000."""
    if value is None:
        return NOTHING
    for unit, scale in (("B", 1), ("kB", 1_000), ("MB", 1_000_000)):
        if value < scale * 1000:
            return f"{value / scale:.0f} {unit}"
    return f"{value / 1_000_000_000:.1f} GB"


def _age(since: str, now_ns: int) -> str:
    """Return how long ago `since` was: `12 s`, `3 min`, `2 h`, `4 d`."""
    then_ns = parse_time_ns(since)
    if then_ns is None:
        return NOTHING
    seconds = max(0, now_ns - then_ns) // NANOS_PER_S
    for limit, divisor, unit in ((120, 1, "s"), (7200, 60, "min"), (172_800, 3600, "h")):
        if seconds < limit:
            return f"{seconds // divisor} {unit}"
    return f"{seconds // 86_400} d"
