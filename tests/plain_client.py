"""A client of the gateway in plain Python: what `lf sub --json` printed, applied line by line.

It imports nothing of the project and believes nothing: every number must continue the one
before, and a book is live only from a snapshot that says so to the next gap.
"""

import json
from bisect import bisect_left, insort
from decimal import Decimal


class PlainBook:
    """Levels by exact price, sorted, so that the top is cheap to look at."""

    def __init__(self):
        self.levels = {"buy": {}, "sell": {}}
        self.keys = {"buy": [], "sell": []}

    def set(self, side, price, size):
        key = Decimal(price)
        levels, keys = self.levels[side], self.keys[side]
        if Decimal(size) == 0:
            if levels.pop(key, None) is not None:
                del keys[bisect_left(keys, key)]
            return
        if key not in levels:
            insort(keys, key)
        levels[key] = (price, size)

    def replace(self, bids, asks):
        for side, levels in (("buy", bids), ("sell", asks)):
            self.levels[side] = {Decimal(price): (price, size) for price, size in levels}
            self.keys[side] = sorted(self.levels[side])

    def bids(self, depth=None):
        keys = self.keys["buy"][::-1][:depth]
        return [list(self.levels["buy"][key]) for key in keys]

    def asks(self, depth=None):
        return [list(self.levels["sell"][key]) for key in self.keys["sell"][:depth]]

    def top(self, depth=5):
        return json.dumps([self.bids(depth), self.asks(depth)])


class PlainClient:
    """Books and trades of every product, as the messages tell them."""

    def __init__(self, on_live=None):
        self.books = {}
        self.live = {}
        self.seqs = {}
        self.trades = {}
        self.gaps = []
        self.doubts = []
        """Gaps in which nothing is missing: nobody was heard of who keeps a book right."""
        self.snapshots = []
        self._parts = {}
        self._on_live = on_live

    def feed(self, lines):
        for line in lines:
            self.take(json.loads(line))
        return self

    def take(self, message):
        if message.get("type") == "welcome":  # a new connection: half a snapshot is none
            self._parts.clear()
        if message.get("channel") not in ("level2", "trades") or "product_id" not in message:
            if message.get("type") == "subscribed":
                self._subscribed(message)
            return
        key = (message["product_id"], message["channel"])
        kind = message["type"]
        if kind == "snapshot":
            self._snapshot(key, message)
            return
        epoch, seq = self.seqs.get(key, (None, None))
        assert message["epoch"] == epoch, message
        if kind == "gap":
            assert message["from_seq"] == seq + 1, (seq, message)
            self.seqs[key] = (epoch, message["to_seq"])
            doubt = message["cause"] == "store" and message["to_seq"] < message["from_seq"]
            (self.doubts if doubt else self.gaps).append(message)
            if message["channel"] == "level2":
                self.live[key[0]] = False
            return
        assert message["prev_seq"] == seq, (seq, message["prev_seq"])
        for event in message["data"]:
            seq += 1
            assert event["seq"] == seq
            self._event(key[0], kind, event)
        assert message["seq"] == seq
        self.seqs[key] = (epoch, seq)
        if kind == "update":
            self._look(key[0])

    def _subscribed(self, message):
        for product, place in message["streams"].items():
            if message["channel"] == "trades":
                self.seqs[product, "trades"] = (place["epoch"], place["seq"])

    def _snapshot(self, key, message):
        parts = self._parts.setdefault(key, [])
        parts.append(message)
        assert message["part"] == len(parts)
        if message["part"] < message["parts"]:
            return
        del self._parts[key]
        bids = [level for part in parts for level in part["bids"]]
        asks = [level for part in parts for level in part["asks"]]
        self.books.setdefault(key[0], PlainBook()).replace(bids, asks)
        self.seqs[key] = (message["epoch"], message["seq"])
        self.live[key[0]] = message["state"] == "live"
        self.snapshots.append((key[0], message["seq"], message["reason"], message["state"]))
        self._look(key[0])

    def _event(self, product, kind, event):
        if kind == "trade":
            self.trades.setdefault(product, {})[event["trade_id"]] = (
                event["price"],
                event["size"],
            )
        else:
            assert self.live[product], "an update of a book that is not live"
            for side, price, size in event["changes"]:
                self.books[product].set(side, price, size)

    def _look(self, product):
        if self.live[product] and self._on_live is not None:
            self._on_live(product, self.books[product])
