"""Books and trades rebuilt from a recording by a plain program.

It imports nothing of the project: what it says is what the project's output is held to.
Sizes and prices stay the texts of the recording; `Decimal` orders them.
"""

import gzip
import json
from decimal import Decimal
from pathlib import Path


class ReferenceBook:
    """Levels by exact price; the texts as they came last."""

    def __init__(self):
        self.sides = {"bid": {}, "ask": {}}

    def set(self, side, price, size):
        key = Decimal(price)
        if Decimal(size) == 0:
            self.sides[side].pop(key, None)
        else:
            self.sides[side][key] = (price, size)

    def clear(self):
        self.sides = {"bid": {}, "ask": {}}

    def bids(self):
        side = self.sides["bid"]
        return [list(side[key]) for key in sorted(side, reverse=True)]

    def asks(self):
        side = self.sides["ask"]
        return [list(side[key]) for key in sorted(side)]


class Reference:
    """Everything a recording of a Coinbase feed ends with: books and new trades."""

    def __init__(self):
        self.books = {}
        self.trades = {}

    def book(self, product):
        return self.books.setdefault(product, ReferenceBook())

    def add_trade(self, product, trade_id, price, size):
        self.trades.setdefault(product, {})[int(trade_id)] = (price, size)

    def frame(self, message):
        if "channel" in message:
            self._advanced(message)
        else:
            self._exchange(message)

    def _advanced(self, message):
        for event in message.get("events", ()):
            if message["channel"] == "l2_data":
                book = self.book(event["product_id"])
                if event["type"] == "snapshot":
                    book.clear()
                for level in event["updates"]:
                    side = "bid" if level["side"] == "bid" else "ask"
                    book.set(side, level["price_level"], level["new_quantity"])
            elif message["channel"] == "market_trades" and event["type"] == "update":
                for trade in event["trades"]:
                    self.add_trade(
                        trade["product_id"], trade["trade_id"], trade["price"], trade["size"]
                    )

    def _exchange(self, message):
        kind = message.get("type")
        if kind == "snapshot":
            book = self.book(message["product_id"])
            book.clear()
            for price, size in message["bids"]:
                book.set("bid", price, size)
            for price, size in message["asks"]:
                book.set("ask", price, size)
        elif kind == "l2update":
            book = self.book(message["product_id"])
            for side, price, size in message["changes"]:
                book.set("bid" if side == "buy" else "ask", price, size)
        elif kind == "match":
            self.add_trade(
                message["product_id"], message["trade_id"], message["price"], message["size"]
            )


def rebuild(path: Path, until_ns: float = float("inf")) -> Reference:
    """Return what the recording at `path` ends with, or what it said before `until_ns`."""
    reference = Reference()
    with gzip.open(path, "rt", encoding="utf-8") as file:
        for line in file:
            entry = json.loads(line)
            if "kind" not in entry and (entry["ts"] or 0) < until_ns:
                reference.frame(json.loads(entry["raw"]))
    return reference
