"""What people see of a stack, as pure functions from its status to lines.

Prices and sizes are shown as the venue wrote them, never rounded.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ledgerflux_tui.lines import NOTHING, Column, Style, age, milliseconds, number, size, table
from ledgerflux_tui.lines import Line as Line
from ledgerflux_tui.lines import Segment as Segment

Status = Mapping[str, Any]

SEPARATOR: Segment = (" · ", "dim")
STYLE_OF_STATE: dict[str, Style] = {
    "healthy": "good",
    "ready": "good",
    "live": "good",
    "degraded": "warn",
    "starting": "warn",
    "catching_up": "warn",
    "restarting": "warn",
    "draining": "warn",
    "init": "warn",
    "syncing": "warn",
    "resyncing": "warn",
    "suspect": "bad",
    "stale": "bad",
    "halted": "bad",
    "failed": "bad",
    "silent": "bad",
    "stopped": "bad",
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
    yield state, state_style(state)
    yield f"source {status['source']}", "plain"
    if gateway is not None:
        yield gateway, "plain"
    yield f"durability {status['durability']}", "plain"
    yield f"{number(rate_of(status))} msg/s", "plain"
    yield from ((text, "plain") for text in latencies(status))
    yield f"gaps {NOTHING if gaps is None else gaps}", "bad" if gaps else "plain"


def rate_of(status: Status) -> float | None:
    """Return the messages a second of all shards, None where no shard is known."""
    rates = [row["rate"] for row in status["shards"]]
    return sum(rates) if rates else None


def latencies(status: Status) -> list[str]:
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
    return table(columns, [_top_cells(top) for top in tops], width)


def _top_cells(top: Top) -> list[Segment]:
    state = top.state or NOTHING
    return [
        (top.product, "head"),
        (state, state_style(state)),
        proof(top.integrity),
        (top.bid_size or NOTHING, "dim"),
        (top.bid or NOTHING, "bid"),
        (top.ask or NOTHING, "ask"),
        (top.ask_size or NOTHING, "dim"),
        (top.last or NOTHING, "plain"),
        (NOTHING if top.seq is None else str(top.seq), "dim"),
        (number(top.rate), "plain"),
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
            (row["state"], state_style(row["state"])),
            (NOTHING if row["pid"] is None else str(row["pid"]), "dim"),
            (f"{row['cpu'] * 100:.0f}%", "plain"),
            (size(row["rss_bytes"]), "plain"),
            (str(row["restarts"]), restarts),
            (age(row["since"], now_ns), "dim"),
        ]
        rows.append(cells)
    return table(columns, rows, width)


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
            (row["state"], state_style(row["state"])),
            (number(row["rate"]), "plain"),
            (number(row["lag_records"]), lag),
            (milliseconds(row["lag_ms"]), lag),
            (milliseconds(row["p50_ms"]), "plain"),
            (milliseconds(row["p99_ms"]), "plain"),
            (" ".join(row["products"]), "dim"),
        ]
        rows.append(cells)
    return table(columns, rows, width)


def status_lines(status: Status, width: int, *, now_ns: int) -> list[Line]:
    """Return everything `lf status` shows."""
    lines = summary_lines(status, width)
    counts = " · ".join(
        f"{name.replace('_', ' ')} {NOTHING if count is None else number(count)}"
        for name, count in status["counts"].items()
    )
    disk = f" · disk {size(status['disk_bytes'])}"
    lines.append([(counts + disk, "dim")])
    for part in (services_table(status, width, now_ns=now_ns), shards_table(status, width)):
        if len(part) > 1:
            lines += [[], *part]
    trouble = problems(status)
    return [*lines, [], *trouble] if trouble else lines


def state_style(state: str) -> Style:
    """Return the style that says how good `state` is."""
    return STYLE_OF_STATE.get(state, "plain")
