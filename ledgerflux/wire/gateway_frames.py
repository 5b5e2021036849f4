"""The bytes of a gateway's messages: heads made here, events spliced in unparsed.

The functions that take a stream are `core.speaker.Speaker`, and nothing in what they make
belongs to one client: the same bytes go to all. `wire.gateway_messages` describes each
message; a test holds the two together.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from ledgerflux.core.parting import Goodbye
from ledgerflux.core.request_desk import Refusal
from ledgerflux.core.resumption import NOTHING, Resumption
from ledgerflux.core.snapshot import Position, Snapshot
from ledgerflux.core.speaker import Followed, Named
from ledgerflux.core.telling import BatchView, Heads, Missing
from ledgerflux.core.terms import WHOLE, Terms
from ledgerflux.core.throttling import Throttled
from ledgerflux.model.stream import ChannelName
from ledgerflux.model.units import rfc3339
from ledgerflux.wire import gateway_backfill

RETRYABLE = frozenset(("throttled", "slow_consumer", "not_ready", "limit_subscriptions"))
"""Error codes after which the same request may succeed later."""

RequestId = int | str | None
_encode = msgspec.json.Encoder().encode


def data(stream: Named, batch: BatchView, checksum: int | None) -> bytes:
    """Return the message of a whole batch; `checksum` is that of a book."""
    head = _head(batch.channel, batch.type, stream, batch.epoch)
    return b'%b,"prev_seq":%d,"seq":%d,"ts_publish":"%b"%b,"data":%b}' % (
        head,
        batch.first_seq - 1,
        batch.last_seq,
        rfc3339(stream.publish_ns).encode(),
        b"" if checksum is None else b',"checksum":%d' % checksum,
        batch.body,
    )


def changes(
    stream: Followed,
    before: Position,
    after: Position,
    elements: Sequence[Mapping[str, Any]],
    checksum: int,
) -> bytes:
    """Return the level2 update of a variant from `before` to `after`."""
    return b'%b,"prev_seq":%d,"seq":%d,"ts_publish":"%b","checksum":%d,"data":%b}' % (
        _head("level2", "update", stream, after.epoch),
        before.seq,
        after.seq,
        rfc3339(stream.publish_ns).encode(),
        checksum,
        _encode(elements),
    )


def latest(
    stream: Followed,
    channel: ChannelName,
    position: Position,
    event: bytes,
    prev_seq: int | None,
) -> bytes:
    """Return the message of one `ticker` or `status` event at `position`."""
    return b'%b,"prev_seq":%b,"seq":%d,"ts_publish":"%b","data":[%b]}' % (
        _head(channel, channel, stream, position.epoch),
        _encode(prev_seq),
        position.seq,
        rfc3339(stream.publish_ns).encode(),
        event,
    )


def candles(
    stream: Followed, interval: str | None, position: Position, events: bytes, prev_seq: int
) -> bytes:
    """Return the message of bars, given as JSON separated by commas, as they are at `position`."""
    head = _head("candles", "candle", stream, position.epoch)
    return b'%b,"interval":%b,"prev_seq":%d,"seq":%d,"ts_publish":"%b","data":[%b]}' % (
        head,
        _encode(interval),
        prev_seq,
        position.seq,
        rfc3339(stream.publish_ns).encode(),
        events,
    )


def gap(stream: Named, missing: Missing) -> bytes:
    """Return the message that says what carries no data."""
    rest = {
        "from_seq": missing.from_seq,
        "to_seq": missing.to_seq,
        "cause": missing.cause,
        "next": missing.next or ("snapshot" if missing.channel == "level2" else "live"),
        "detail": missing.detail,
        "state": missing.state,
        "missing": missing.missing,
        "from_id": missing.from_id,
        "to_id": missing.to_id,
        "ts_publish": rfc3339(stream.publish_ns),
    }
    backfill = gateway_backfill.address(stream, missing)
    if backfill is not None:
        rest["backfill"] = backfill
    head = _head(missing.channel, "gap", stream, missing.epoch)
    return b"%b,%b" % (head, _encode(rest)[1:])


def part(snapshot: Snapshot, part: int, reason: str, prev_seq: int | None) -> bytes:
    """Return `part` (from 1) of a level2 snapshot."""
    standing = snapshot.standing
    rest = {
        "channel": "level2",
        "type": "snapshot",
        "venue": snapshot.venue,
        "product_id": snapshot.product,
        "epoch": snapshot.position.epoch,
        "prev_seq": prev_seq,
        "seq": snapshot.position.seq,
        "depth": snapshot.depth,
        "part": part,
        "parts": snapshot.parts,
        "state": standing.state,
        "integrity": standing.integrity,
        "integrity_rule": standing.integrity_rule,
        "reason": reason,
        "ts_exchange": standing.ts_exchange,
        "ts_receive": standing.ts_receive,
        "ts_publish": rfc3339(standing.publish_ns),
        "checksum": snapshot.checksum,
    }
    return b'%b,"bids":%b,"asks":%b}' % (_encode(rest)[:-1], *snapshot.levels(part))


def heartbeat(venue: str, heads: Mapping[str, Heads], counter: int, now_ns: int) -> bytes:
    """Return one beat with where each product stands."""
    return _encode(
        {
            "channel": "heartbeats",
            "type": "heartbeat",
            "venue": venue,
            "ts_publish": rfc3339(now_ns),
            "counter": counter,
            "heads": {product: head._asdict() for product, head in heads.items()},
        }
    )


def system(status: bytes) -> bytes:
    """Return the message of a status document, given as its JSON."""
    return b'{"channel":"system","type":"status","data":%b}' % status


def welcome(
    *,
    connection_id: str,
    server: str,
    now_ns: int,
    venue: str,
    source: str,
    system: str,
    limits: Mapping[str, int],
    auth_required: bool = False,
) -> bytes:
    """Return the first message of a connection."""
    return _encode(
        {
            "type": "welcome",
            "protocol": "lfx.v1",
            "connection_id": connection_id,
            "server": server,
            "time": rfc3339(now_ns),
            "venue": venue,
            "source": source,
            "auth_required": auth_required,
            "system": system,
            "ping_interval_ms": limits["ping_interval_s"] * 1000,
            "limits": limits,
        }
    )


def subscribed(
    channel: str,
    streams: Mapping[str, Position],
    *,
    venue: str,
    terms: Terms = WHOLE,
    patterns: Sequence[str] = (),
    on_slow: str | None = None,
    resumption: Resumption = NOTHING,
    product_ids: Sequence[str] | None = None,
    warnings: Sequence[str] = (),
    request_id: RequestId = None,
    times: tuple[int, int] | None = None,
) -> bytes:
    """Return what a subscription begins with; without a request it tells of new products."""
    return _encode(
        {
            "type": "subscribed",
            **answer(request_id, times),
            "channel": channel,
            "venue": venue,
            "product_ids": list(streams) if product_ids is None else product_ids,
            "pattern": patterns[0] if len(patterns) == 1 else None,
            "patterns": patterns,
            "depth": terms.depth if channel == "level2" else None,
            "conflate": terms.conflate,
            **({} if terms.interval is None else {"interval": terms.interval}),
            "on_slow": on_slow,
            "streams": {product: place._asdict() for product, place in streams.items()},
            **resumption._asdict(),
            "warnings": warnings,
        }
    )


def unsubscribed(
    channel: str,
    product_ids: Sequence[str],
    *,
    request_id: RequestId = None,
    times: tuple[int, int] | None = None,
) -> bytes:
    """Return the end of a subscription; without a request, products that are gone."""
    return _encode(
        {
            "type": "unsubscribed",
            **answer(request_id, times),
            "channel": channel,
            "product_ids": product_ids,
        }
    )


def pong(request_id: RequestId, nonce: RequestId, times: tuple[int, int]) -> bytes:
    """Return the answer to a ping."""
    return _encode({"type": "pong", **answer(request_id, times), "nonce": nonce})


def error(code: str, message: str, product_ids: Sequence[str] = ()) -> bytes:
    """Return an error that answers no request."""
    return refused(Refusal(code, message, tuple(product_ids)), None)


def goodbye(told: Goodbye) -> bytes:
    """Return the last message of a connection."""
    return _encode({"type": "goodbye", **told._asdict()})


def throttled(told: Throttled) -> bytes:
    """Return the warning that something is refused or left out, or no longer."""
    return _encode({"type": "throttled", **told._asdict()})


def refused(refusal: Refusal, request_id: RequestId) -> bytes:
    """Return the error that answers a request."""
    return _encode(
        {
            "type": "error",
            "req_id": request_id,
            "success": False,
            "code": refusal.code,
            "message": refusal.message,
            "retryable": refusal.code in RETRYABLE,
            "retry_after_ms": refusal.retry_after_ms,
            "product_ids": refusal.product_ids,
        }
    )


def answer(request_id: RequestId, times: tuple[int, int] | None) -> dict[str, Any]:
    """Return what every granted request is answered with; `times` are in and out, in ns."""
    time_in, time_out = (None, None) if times is None else map(rfc3339, times)
    return {"req_id": request_id, "success": True, "time_in": time_in, "time_out": time_out}


def _head(channel: str, kind: str, stream: Named, epoch: str) -> bytes:
    """Return the envelope's beginning, up to the epoch, unclosed."""
    text = (
        f'{{"channel":"{channel}","type":"{kind}","venue":"{stream.venue}",'
        f'"product_id":"{stream.product}","epoch":'
    )
    return text.encode() + _encode(epoch)
