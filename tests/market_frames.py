"""Small markets in the dialect of Coinbase Advanced Trade, and what their sockets were sent."""

import json

from ledgerflux.core.market import Market
from ledgerflux.core.recorded_market import RecordedMarket
from ledgerflux.core.recording_survey import survey
from ledgerflux.model.recording import RecordedLine
from ledgerflux.venues.coinbase_advanced import CoinbaseAdvanced
from ledgerflux.venues.coinbase_advanced_server import CoinbaseAdvancedServer

SERVER = CoinbaseAdvancedServer()
S = 1_000_000_000
MS = 1_000_000


def parse(frame):
    return CoinbaseAdvanced().parse(frame).events


def frame(number, channel, events):
    envelope = {"channel": channel, "timestamp": "t", "sequence_num": number, "events": events}
    return json.dumps(envelope, separators=(",", ":")).encode()


def book_event(kind, product, size):
    level = {"side": "bid", "price_level": "9", "new_quantity": size}
    return {"type": kind, "product_id": product, "updates": [level]}


def snapshot(number, product="A-B", size="1"):
    return frame(number, "l2_data", [book_event("snapshot", product, size)])


def update(number, product="A-B", size="2"):
    return frame(number, "l2_data", [book_event("update", product, size)])


def both(number):
    events = [book_event("update", "A-B", "3"), book_event("update", "C-D", "3")]
    return frame(number, "l2_data", events)


def trades(number, product="A-B"):
    return frame(number, "market_trades", [{"trades": [{"product_id": product}]}])


def beat(number):
    return frame(number, "heartbeats", [])


def acknowledgement(number):
    return frame(number, "subscriptions", [])


def lines_of(*frames, gap_ms=1):
    return [RecordedLine(index * gap_ms * MS, "c-1", None, raw) for index, raw in enumerate(frames)]


def close(connection="c-1", ts=None):
    return RecordedLine(ts, connection, "close", b"")


def source_of(lines, **options):
    return RecordedMarket(lambda: iter(lines), survey(lines, SERVER), SERVER, parse, **options)


def market_of(lines, *, speed=None, **options):
    return Market(SERVER, source_of(lines), speed=speed, **options)


def subscribe(market, socket, channel, *products, now_ns=0, verb="subscribe"):
    request = {"type": verb, "channel": channel, "product_ids": products}
    market.receive(socket, json.dumps(request), now_ns)


def client(market, channel="level2", *products, now_ns=0):
    socket = market.connect()
    subscribe(market, socket, channel, *(products or ("A-B",)), now_ns=now_ns)
    return socket


def sent(market, socket):
    frames = []
    while batch := market.take(socket):
        frames += batch
    return frames


def numbers(frames):
    return [json.loads(frame)["sequence_num"] for frame in frames]


def kinds(frames):
    return [json.loads(frame)["channel"] for frame in frames]
