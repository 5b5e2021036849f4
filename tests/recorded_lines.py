"""Recorded lines in the dialect of Coinbase Advanced Trade."""

import json

from ledgerflux.model.recording import RecordedLine
from ledgerflux.venues.base import Refused
from ledgerflux.venues.coinbase_advanced import CoinbaseAdvanced
from ledgerflux.venues.coinbase_advanced_server import CoinbaseAdvancedServer

SERVER = CoinbaseAdvancedServer()
MS = 1_000_000


def parse(frame):
    try:
        return CoinbaseAdvanced().parse(frame).events
    except Refused:
        return None


def book_frame(number, kind, product, *levels):
    updates = [
        {"side": side, "price_level": price, "new_quantity": size} for side, price, size in levels
    ]
    event = {"type": kind, "product_id": product, "updates": updates}
    return json.dumps({"channel": "l2_data", "sequence_num": number, "events": [event]}).encode()


def snapshot(number, product="A-B"):
    return book_frame(number, "snapshot", product, ("bid", "9", "1"), ("offer", "11", "1"))


def update(number, product="A-B", price="9", size="2"):
    return book_frame(number, "update", product, ("bid", price, size))


def acknowledgement(number):
    return json.dumps({"channel": "subscriptions", "sequence_num": number, "events": []}).encode()


def beat(number):
    return json.dumps({"channel": "heartbeats", "sequence_num": number, "events": []}).encode()


def line(raw, ts=None, connection="c-1", kind=None):
    return RecordedLine(ts, connection, kind, raw)
