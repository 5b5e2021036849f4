"""A venue that speaks Advanced Trade over real sockets and misbehaves on demand.

It has one book a product, which grows by one level with each update, and one trade an update;
every socket gets the book as it stands and everything after it.
"""

import asyncio
import json
from contextlib import asynccontextmanager, suppress

from websockets.asyncio.server import serve
from websockets.exceptions import ConnectionClosed

EVERY_S = 0.02
NAMES = {"level2": "l2_data", "market_trades": "market_trades", "heartbeats": "heartbeats"}


class Venue:
    def __init__(self, products):
        self.books = {product: {"100": "1"} for product in products}
        self.trades = dict.fromkeys(products, 1000)
        self.beats = 0
        self.silent = False
        self.holes = 0
        self.requests = []  # (loop time, request)
        self.sockets = {}  # socket -> {channel: products}
        self.sequences = {}
        self.sessions_total = 0

    @classmethod
    @asynccontextmanager
    async def running(cls, *products):
        venue = cls(products)
        async with serve(venue.talk, "127.0.0.1", 0, close_timeout=0.2) as server:
            venue.port = server.sockets[0].getsockname()[1]
            task = asyncio.ensure_future(venue.trade())
            try:
                yield venue
            finally:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)

    async def talk(self, socket):
        self.sessions_total += 1
        self.sockets[socket], self.sequences[socket] = {}, 0
        try:
            async for text in socket:
                request = json.loads(text)
                self.requests.append((asyncio.get_running_loop().time(), request))
                held = self.sockets[socket].setdefault(request["channel"], set())
                if request["type"] == "unsubscribe":
                    held.difference_update(request["product_ids"])
                    continue
                held.update(request["product_ids"])
                if request["channel"] == "level2":
                    for product in request["product_ids"]:
                        await self.say(socket, "l2_data", self.snapshot(product))
        except ConnectionClosed:
            pass
        finally:
            del self.sockets[socket], self.sequences[socket]

    async def trade(self):
        """Change every book a little, for ever."""
        for turn in range(10**9):
            await asyncio.sleep(EVERY_S)
            if self.silent:
                continue
            for product in self.books:
                level = str(99 - turn % 50)
                self.books[product][level] = str(turn + 1)
                self.trades[product] += 1
                await self.tell("level2", product, self.update(product, level))
                await self.tell("market_trades", product, self.traded(product))
            if turn % 10 == 0:
                self.beats += 1
                for socket, held in list(self.sockets.items()):
                    if "heartbeats" in held:
                        await self.say(socket, "heartbeats", {"heartbeat_counter": self.beats})

    async def tell(self, channel, product, event):
        for socket, held in list(self.sockets.items()):
            if product in held.get(channel, ()):
                await self.say(socket, NAMES[channel], event)

    async def say(self, socket, channel, event):
        if self.silent or socket not in self.sequences:
            return
        if self.holes:
            self.holes -= 1
            self.sequences[socket] += 1
        body = {
            "channel": channel,
            "timestamp": "2026-08-09T05:23:42.000000Z",
            "sequence_num": self.sequences[socket],
            "events": [event],
        }
        self.sequences[socket] += 1
        with suppress(ConnectionClosed):
            await socket.send(json.dumps(body, separators=(",", ":")))

    def snapshot(self, product):
        levels = [self.level(price, size) for price, size in self.books[product].items()]
        return {"type": "snapshot", "product_id": product, "updates": levels}

    def update(self, product, price):
        level = self.level(price, self.books[product][price])
        return {"type": "update", "product_id": product, "updates": [level]}

    def level(self, price, size):
        return {
            "side": "bid",
            "event_time": "2026-08-09T05:23:42Z",
            "price_level": price,
            "new_quantity": size,
        }

    def traded(self, product):
        trade = {
            "trade_id": str(self.trades[product]),
            "product_id": product,
            "price": "100",
            "size": "1",
            "side": "BUY",
            "time": "2026-08-09T05:23:42Z",
        }
        return {"type": "update", "trades": [trade]}

    def bids(self, product):
        return sorted(
            (list(level) for level in self.books[product].items()), key=lambda x: -int(x[0])
        )

    async def close_all(self, code, reason=""):
        await asyncio.gather(*(socket.close(code, reason) for socket in list(self.sockets)))
