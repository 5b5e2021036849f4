"""Messages and books of a gateway as lines for people; prices and sizes as the venue wrote them."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ledgerflux.client import Message, Mirror, Reconnected
    from ledgerflux.model.events import Level
    from ledgerflux.model.stream import CandleEvent
    from ledgerflux_tui.view import Line, Segment

UNPROVEN = "unproven"
SPACE = 2


def book_lines(document: Mapping[str, Any]) -> "list[Line]":
    """Return a `lf.book/1` document as a table, bids left, asks right, best first."""
    state, proof = str(document["state"]), str(document["integrity"])
    head: Line = [
        (str(document["product_id"]), "head"),
        (f"  {document['venue']}  seq {document['seq']}  ", "dim"),
        (state, "good" if state == "live" else "bad"),
    ]
    head.append((f"  {UNPROVEN}", "warn") if proof == "none" else (f"  proof {proof}", "dim"))
    bids, asks = document["bids"], document["asks"]
    rows = [
        (
            *(bids[row][::-1] if row < len(bids) else ("", "")),
            *(asks[row] if row < len(asks) else ("", "")),
        )
        for row in range(max(len(bids), len(asks)))
    ]
    titles = ("BID SIZE", "BID", "ASK", "ASK SIZE")
    widths = [max(map(len, column)) for column in zip(titles, *rows, strict=True)]
    styles = ("plain", "bid", "ask", "plain")
    lines: list[Line] = [head, _row(titles, widths, ("dim",) * 4)]
    lines += [_row(row, widths, styles) for row in rows]
    return lines


def _row(cells: Sequence[str], widths: Sequence[int], styles: Sequence[Any]) -> "Line":
    """Return one line: bids flush right, asks flush left."""
    flush = (str.rjust, str.rjust, str.ljust, str.ljust)
    segments: list[Segment] = []
    for cell, width, style, place in zip(cells, widths, styles, flush, strict=True):
        segments.append((place(cell, width), style))
        segments.append((" " * SPACE, "plain"))
    return segments[:-1]


def message_lines(message: "Message", mirror: "Mirror | None") -> list[str]:
    """Return a data message as lines; `mirror` is the book after it, for level2."""
    start = f"{_clock(message.ts_publish)} {message.product_id:<9} {message.channel:<7} "
    match message.channel, message.type:
        case _, "subscribed" | "unsubscribed":
            return []
        case _, "gap":
            return [start + _gap(message)]
        case "level2", "snapshot":
            return [start + _snapshot(message, mirror)] if message.part == message.parts else []
        case "level2", "update":
            count = sum(len(event.changes) for event in message.updates())
            return [f"{start}{message.seq:>9}  {count:>3} changed  {_top(mirror)}"]
        case "trades", _:
            return [
                f"{start}{trade.seq:>9}  {trade.side:<4} {trade.size} at {trade.price}"
                f"  id {trade.trade_id}"
                for trade in message.trades()
            ]
        case "ticker", _:
            return [
                f"{start}{ticker.seq:>9}  {_or_none(ticker.price)}  bid {_or_none(ticker.bid)}"
                f"  ask {_or_none(ticker.ask)}{'  derived' if ticker.derived else ''}"
                for ticker in message.tickers()
            ]
        case "candles", _:
            return [f"{start}{message.seq:>9}  {_candle(candle)}" for candle in message.candles()]
        case "status", _:
            return [
                f"{start}{status.seq:>9}  {status.state}  {status.reason}".rstrip()
                for status in message.statuses()
            ]
        case "heartbeats", _:
            return [
                f"{_clock(message.ts_publish)} {product:<9} head    {head['level2']:>9}"
                f"  {head['state']}"
                for product, head in message.heads.items()
            ]
        case "system", _:
            document = message.document()
            return [f"system {document.get('state')}: {'; '.join(document.get('problems', []))}"]
        case _:
            return []


def reconnected_line(notice: "Reconnected") -> str:
    """Return what a new connection means."""
    missed = [
        f"{missed.product} {missed.channel} {missed.from_seq}..{missed.to_seq}"
        for missed in notice.missed
    ]
    return f"connected again to {notice.url}; missed: {', '.join(missed) or 'nothing'}"


def _gap(message: "Message") -> str:
    count = message.to_seq - message.from_seq + 1
    what = f"{message.from_seq}..{message.to_seq} carry no data" if count else "no update missing"
    details = f" ({message.detail})" if message.detail else ""
    ids = f", trade ids {message.from_id}..{message.to_id}" if message.from_id is not None else ""
    return f"GAP {what}: {message.cause}{details}{ids}; the book is {message.state}"


def _snapshot(message: "Message", mirror: "Mirror | None") -> str:
    proof = UNPROVEN if message.integrity == "none" else f"proof {message.integrity}"
    return (
        f"{message.seq:>9}  whole book ({message.reason})  {_top(mirror)}  {message.state} {proof}"
    )


def _candle(candle: "CandleEvent") -> str:
    """Return a bar; what it is not, closed or whole, stands at its end."""
    is_not = f"{'' if candle.closed else '  open'}{'' if candle.whole else '  NOT WHOLE'}"
    return (
        f"{candle.start[:16]}Z  o {candle.open}  h {candle.high}  l {candle.low}  c {candle.close}"
        f"  volume {candle.volume} in {candle.trades}{is_not}"
    )


def _top(mirror: "Mirror | None") -> str:
    if mirror is None:
        return ""
    bid, ask = mirror.book.best()
    stale = "" if mirror.live else f"  {mirror.state}"
    return f"bid {_level(bid)}  ask {_level(ask)}{stale}"


def _level(level: "Level | None") -> str:
    return "-" if level is None else f"{level[0]} x {level[1]}"


def _or_none(text: str | None) -> str:
    return "-" if text is None else text


def _clock(time: str | None) -> str:
    """Return the time of day of an RFC 3339 time, in milliseconds."""
    return "-" if time is None else time[11:23]
