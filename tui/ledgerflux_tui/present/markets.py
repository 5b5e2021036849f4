"""The list of markets: chosen, in order, and as lines."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from ledgerflux_tui.lines import NOTHING, Line, Segment, Style, number
from ledgerflux_tui.present.columns import Fixed, Placed, cells_line, placed, used
from ledgerflux_tui.present.durations import age_ns, stale_mark
from ledgerflux_tui.present.spark import spark
from ledgerflux_tui.state.markets import Market
from ledgerflux_tui.view import state_style

SORTS = ("product", "last", "spread", "state", "rate", "shard")
"""What the list can be sorted by, in the order of the columns."""
_TITLES = {
    "product": "Product", "last": "Last", "spread": "Spread", "spark": "last 5 min",
    "state": "Book", "rate": "msg/s", "shard": "sh",
}  # fmt: skip
_RIGHT = ("last", "spread", "rate", "shard")
_RANKS = {"spark": 4, "spread": 3, "shard": 2, "rate": 1}
"""Where there is no room the highest goes first; product, price and state never do."""
_SPARK_MIN, _SPARK_MAX = 8, 30
_START = 2
"""Before it stands the mark of the chosen one."""
_ARROWS = {1: "▲", -1: "▼", 0: "="}


class Arrangement(NamedTuple):
    """Which markets are listed, and in what order."""

    filter: str = ""
    sort: str = "product"
    reverse: bool = False


def matches(text: str, wanted: str) -> bool:
    """Say whether `text` holds every word of `wanted`, and none that is written `!word`."""
    found = text.casefold()
    for word in wanted.casefold().split():
        without = word.startswith("!")
        if (word.lstrip("!") in found) == without and word != "!":
            return False
    return True


def arranged(markets: Iterable[Market], arrangement: Arrangement) -> list[Market]:
    """Return the markets to list, in order; what is not known comes last."""
    chosen = [market for market in markets if matches(market.product, arrangement.filter)]
    chosen.sort(key=lambda market: market.product)
    known = [market for market in chosen if _key(market, arrangement.sort) is not None]
    unknown = [market for market in chosen if _key(market, arrangement.sort) is None]
    known.sort(key=lambda market: _sortable(market, arrangement.sort), reverse=arrangement.reverse)
    return known + unknown


def _key(market: Market, sort: str) -> object:
    match sort:
        case "last":
            return market.last
        case "spread":
            return market.bid and market.ask
        case "rate":
            return market.rate
        case "shard":
            return market.shard
        case _:
            return market.product


def _sortable(market: Market, sort: str) -> Decimal | str:
    match sort:
        case "last":
            return Decimal(market.last or 0)
        case "spread":
            return Decimal(market.ask or 0) - Decimal(market.bid or 0)
        case "rate":
            return Decimal(market.rate or 0)
        case "shard":
            return Decimal(market.shard or 0)
        case "state":
            return market.state
        case _:
            return market.product


@lru_cache(maxsize=128)
def spread(bid: str | None, ask: str | None) -> str:
    """Return how far the best prices are apart, exactly."""
    return NOTHING if bid is None or ask is None else format(Decimal(ask) - Decimal(bid), "f")


@lru_cache(maxsize=256)
def _spark(samples: tuple[str, ...], width: int, ascii_only: bool) -> str:
    return spark([Decimal(text) for text in samples], width, ascii_only=ascii_only)


def columns_of(markets: Sequence[Market], width: int) -> list[Placed]:
    """Return the columns that fit `width`, wide enough for every one of `markets`."""
    widths = {
        "product": max(8, *(len(market.product) for market in markets), 0),
        "last": 2 + max(6, *(len(market.last or "") for market in markets), 0),
        "spread": max(6, *(len(spread(market.bid, market.ask)) for market in markets), 0),
        "spark": _SPARK_MIN,
        "state": 13,
        "rate": 7,
        "shard": 2,
    }
    columns = [
        Fixed(name, title, widths[name], name in _RIGHT, _RANKS.get(name, 0))
        for name, title in _TITLES.items()
    ]
    shown = placed(columns, width, _START)
    wide = min(_SPARK_MAX, _SPARK_MIN + max(0, width - used(shown)))
    columns = [
        column._replace(width=wide) if column.name == "spark" else column for column, _ in shown
    ]
    return placed(columns, width, _START)


def market_line(
    market: Market, columns: Sequence[Placed], now_ns: int, *, chosen: bool, ascii_only: bool
) -> Line:
    """Return one market; what is older than 2 s says so and is greyed."""
    mark = stale_mark(age_ns(market.told_ns, now_ns))
    cells: list[Segment] = []
    for column, _ in columns:
        text, style = _cell(market, column.name, column.width, ascii_only=ascii_only)
        if column.name == "state" and mark is not None:
            text, style = mark
        elif mark is not None:
            style = "stale"
        elif chosen and column.name == "product":
            style = "select"
        cells.append((text, style))
    return cells_line(columns, cells, ("▶", "select") if chosen else (" ", "plain"))


def _cell(market: Market, name: str, width: int, *, ascii_only: bool) -> Segment:
    match name:
        case "product":
            return market.product, "head"
        case "last":
            return _last(market)
        case "spread":
            return spread(market.bid, market.ask), "plain"
        case "spark":
            return _spark(tuple(market.samples), width, ascii_only), "dim"
        case "state":
            return _state(market)
        case "rate":
            return number(market.rate), "plain"
        case _:
            return (NOTHING if market.shard is None else str(market.shard)), "dim"


def _last(market: Market) -> Segment:
    if market.last is None:
        return NOTHING + "  ", "dim"
    styles: dict[int, Style] = {1: "bid", -1: "ask", 0: "plain"}
    return f"{market.last} {_ARROWS[market.direction]}", styles[market.direction]


def _state(market: Market) -> Segment:
    if market.state == "live" and market.integrity == "none":
        return "live unproven", "warn"
    return market.state, state_style(market.state)
