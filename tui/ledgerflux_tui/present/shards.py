"""The shards as a table, and one of them in detail: pure."""

from collections.abc import Sequence
from typing import NamedTuple

from ledgerflux.model.units import NANOS_PER_S, parse_time_ns
from ledgerflux_tui.lines import NOTHING, Line, Segment, Style, age, number, size
from ledgerflux_tui.present.chart import upright
from ledgerflux_tui.present.columns import Fixed, Placed, cells_line, placed, used
from ledgerflux_tui.present.durations import duration
from ledgerflux_tui.present.spark import spark
from ledgerflux_tui.present.stages import ms
from ledgerflux_tui.present.states import state_cell
from ledgerflux_tui.state.shards import HISTORY_MAX, Absence, History, ShardRow

COLUMNS = (
    Fixed("shard", "sh", 3),
    Fixed("owner", "owner", 11, right=False, rank=8),
    Fixed("pid", "pid", 7, rank=9),
    Fixed("state", "state", 13, right=False),
    Fixed("products", "prod", 4, rank=10),
    Fixed("seq", "events", 11, rank=6),
    Fixed("rate", "rate/s", 7),
    Fixed("lag", "lag", 6),
    Fixed("lag_ms", "lag ms", 7, rank=5),
    Fixed("p50", "p50", 6, rank=7),
    Fixed("p99", "p99", 6, rank=3),
    Fixed("cpu", "cpu", 4, rank=2),
    Fixed("rss", "rss", 6, rank=4),
    Fixed("restarts", "restarts", 13, right=False, rank=1),
)
SORTS = tuple(column.name for column in COLUMNS if column.name != "owner")
FRESH_S = 60
"""A restart this young is marked."""
LIVE_LAG_MS = 1000.0
ETA_OVER_S = 3
"""How many seconds of lag tell how fast it falls."""
NAMES_MIN = 12
SIDE_BY_SIDE = 100
CHART_MAX = 10
AROUND = 7
"""Lines of detail beside the bars."""
CHARTS_FROM = 14
"""So many lines of detail have room for bars."""


class Order(NamedTuple):
    """By which column shards are sorted."""

    sort: str = "shard"
    reverse: bool = False


def in_order(rows: Sequence[ShardRow], order: Order) -> list[ShardRow]:
    """Return the shards sorted; those of which the value is not known come last."""
    known = [row for row in rows if _key(row, order.sort) is not None]
    unknown = [row for row in rows if _key(row, order.sort) is None]
    known.sort(key=lambda row: (_key(row, order.sort), row.shard), reverse=order.reverse)
    return known + unknown


def _key(row: ShardRow, sort: str) -> float | str | None:
    match sort:
        case "state":
            return row.state
        case "products":
            return len(row.products)
        case "lag":
            return row.lag_records
        case "p50" | "p99" | "lag_ms":
            return {"p50": row.p50_ms, "p99": row.p99_ms}.get(sort, row.lag_ms)
        case "rss":
            return row.rss_bytes
        case _:
            found: float | None = getattr(row, sort)
            return found


def shard_columns(width: int) -> list[Placed]:
    """Return the columns that fit; the first two cells are for the mark of the chosen one."""
    return placed(COLUMNS, width, 2)


def shard_line(
    row: ShardRow,
    columns: Sequence[Placed],
    width: int,
    now_ns: int,
    *,
    chosen: bool = False,
    ascii_only: bool = False,
) -> Line:
    """Return one shard, with the names of its products where there is room for them."""
    cells = [_cell(row, at.column.name, now_ns, ascii_only=ascii_only) for at in columns]
    pointer = ">" if ascii_only else "▶"
    lead: Segment = (pointer, "select") if chosen else ("", "plain")
    line = cells_line(columns, cells, lead)
    spare = width - used(columns) - 2
    if spare >= NAMES_MIN:
        names = " ".join(row.products)
        text = names if len(names) <= spare else names[: spare - 1] + "…"
        line += [("  ", "plain"), (text, "dim")]
    return line


def _cell(row: ShardRow, name: str, now_ns: int, *, ascii_only: bool) -> Segment:
    match name:
        case "shard":
            return str(row.shard), "head"
        case "owner":
            return row.owner, "plain"
        case "pid":
            return (NOTHING if row.pid is None else str(row.pid)), "dim"
        case "state":
            return state_cell(row.state, ascii_only=ascii_only)
        case "products":
            return str(len(row.products)), "dim"
        case "seq":
            return number(row.seq), "dim"
        case "rate":
            return number(row.rate), "plain"
        case "lag":
            return number(row.lag_records), "warn" if row.lag_records else "plain"
        case "restarts":
            return _restarts(row, now_ns)
        case _:
            return _measured(row, name), "plain"


def _measured(row: ShardRow, name: str) -> str:
    match name:
        case "cpu":
            return NOTHING if row.cpu is None else f"{row.cpu * 100:.0f}%"
        case "rss":
            return size(row.rss_bytes)
        case "p50":
            return ms(row.p50_ms)
        case "p99":
            return ms(row.p99_ms)
        case _:
            return ms(row.lag_ms)


def _restarts(row: ShardRow, now_ns: int) -> Segment:
    if row.restarts is None:
        return NOTHING, "dim"
    if row.last_exit is None:
        return str(row.restarts), "plain" if row.restarts else "dim"
    then_ns = parse_time_ns(row.last_exit.at) or 0
    style: Style = "warn" if now_ns - then_ns < FRESH_S * NANOS_PER_S else "plain"
    return f"{row.restarts}, {age(row.last_exit.at, now_ns)} ago", style


def detail_lines(
    row: ShardRow,
    history: History,
    width: int,
    now_ns: int,
    *,
    height: int = 8,
    ascii_only: bool = False,
) -> list[Line]:
    """Return what one shard makes, its last minute, and what became of its processes.

    With `height` for it the last minute is drawn as bars.
    """
    partitions = " ".join(f"{number:02d}" for number in row.partitions)
    lines: list[Line] = [
        [("products ", "dim"), (" ".join(row.products) or NOTHING, "plain"),
         ("   partitions ", "dim"), (partitions or NOTHING, "plain")],
    ]  # fmt: skip
    room = max(10, min(60, (width - 60) // 2 if width >= SIDE_BY_SIDE else width - 24))
    rates = list(history.rate.values)
    lags = list(history.lag.values)
    rate: Line = [
        ("rate 60 s ", "dim"),
        (spark(rates, room, floor=0.0, ascii_only=ascii_only), "plain"),
        (f" {number(row.rate)}/s", "plain"),
    ]
    lag: Line = [
        ("lag 60 s  ", "dim"),
        (spark(lags, room, floor=0.0, ascii_only=ascii_only), "plain"),
        (f" {number(row.lag_records)}", "warn" if row.lag_records else "plain"),
    ]
    if width >= SIDE_BY_SIDE and height >= CHARTS_FROM:
        lines += _charts(row, history, width, height, ascii_only)
    elif width >= SIDE_BY_SIDE:
        lines.append([*rate, ("   ", "plain"), *lag])
    else:
        lines += [rate, lag]
    lines.append([*_process(row, now_ns, lags), ("   ", "plain"), *_standing(row)])
    return [*lines, *_past(row, history.absence, now_ns)]


def _charts(
    row: ShardRow, history: History, width: int, height: int, ascii_only: bool
) -> list[Line]:
    """Return rate and lag of the last minute as bars side by side, under what they are now."""
    rows, cells = min(height - AROUND, CHART_MAX), min(HISTORY_MAX, (width - 3) // 2)
    most = max((lag for lag in history.lag.values if lag is not None), default=0)
    rate = f"rate, 60 s: {number(row.rate)}/s now"
    lag = f"lag, 60 s: {number(row.lag_records)} records now, {number(most)} at most"
    drawn: list[Line] = [
        [(f"{left:>{cells}}", "bar_bid"), ("   ", "plain"),
         (f"{right:>{cells}}", "bar_ask")]
        for left, right in zip(
            upright(list(history.rate.values)[-cells:], rows, ascii_only=ascii_only),
            upright(list(history.lag.values)[-cells:], rows, ascii_only=ascii_only),
            strict=True,
        )
    ]  # fmt: skip
    head: Line = [(rate.ljust(cells + 3)[: cells + 3], "dim"), (lag, "dim")]
    return [head, *drawn, []]


def _process(row: ShardRow, now_ns: int, lags: Sequence[int | None]) -> Line:
    text, style = outlook(row, lags)
    return [
        (f"{row.state.replace('_', ' ')} for {age(row.since, now_ns)}", "plain"),
        ("   live ", "dim"), (text, style),
    ]  # fmt: skip


def _standing(row: ShardRow) -> Line:
    return [(row.reason, "warn")] if row.reason else []


def _past(row: ShardRow, absence: Absence | None, now_ns: int) -> list[Line]:
    lines: list[Line] = []
    if row.last_exit is not None:
        at = row.last_exit.at[11:19]
        line: Line = [
            ("last exit ", "dim"), (row.last_exit.word, "bad"),
            (f" at {at}, {age(row.last_exit.at, now_ns)} ago", "plain"),
        ]  # fmt: skip
        lines.append(
            line + ([(f"   {row.last_exit.detail}", "dim")] if row.last_exit.detail else [])
        )
    if absence is not None:
        lines.append(_absence(absence, now_ns))
    return lines


def _absence(absence: Absence, now_ns: int) -> Line:
    """Return how long it was away, and what waited meanwhile."""
    until_ns = now_ns if absence.back_ns is None else absence.back_ns
    lasted = duration(until_ns - absence.since_ns)
    words: Line = [
        ("away for ", "dim") if absence.back_ns is None else ("was away ", "dim"),
        (lasted, "bad" if absence.back_ns is None else "good"),
        ("   waited at most ", "dim"), (f"{number(absence.lag_max)} records", "plain"),
    ]  # fmt: skip
    if absence.seq is not None:
        words += [("   left at event ", "dim"), (number(absence.seq), "plain")]
    return words


def outlook(row: ShardRow, lags: Sequence[int | None]) -> Segment:
    """Return whether a shard is live, or when it will be as its lag falls now."""
    if row.state == "ready" and (row.lag_ms or 0.0) < LIVE_LAG_MS:
        return "yes", "good"
    if row.lag_records is None:
        return "not known", "warn"
    if not row.lag_records:
        return "any moment", "warn"
    eta = eta_s(lags)
    if eta is None:
        return "no, and its lag does not fall", "bad"
    return f"in about {duration(round(eta * NANOS_PER_S))}", "warn"


def eta_s(lags: Sequence[int | None]) -> float | None:
    """Return in how many seconds a lag is gone, as it fell lately; None where it does not."""
    known = [lag for lag in lags[-ETA_OVER_S - 1 :] if lag is not None]
    most = max(known, default=0)
    if not known or most <= known[-1]:
        return None
    seconds = known[::-1].index(most)
    return known[-1] * seconds / (most - known[-1])
