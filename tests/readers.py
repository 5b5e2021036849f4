"""Clients of a gateway that keep a book, count their trades, and hear what they missed."""

from collections import defaultdict

from ledgerflux.client import Reconnected, connect

PRODUCT = "BTC-USD"


class Reader:
    """A client that keeps its book, counts its trades and hears what it missed."""

    def __init__(self, urls):
        self.missed = []
        self.urls = []
        self.trades = defaultdict(int)
        self.client = connect(urls, on_gap=self.missed.append)

    async def run(self):
        async with self.client as client:
            self.urls.append(client.url)
            await client.subscribe("level2", [PRODUCT])
            await client.subscribe("trades", [PRODUCT])
            async for message in client:
                if isinstance(message, Reconnected):
                    self.urls.append(message.url)
                elif message.type == "trade":
                    for event in message.trades():
                        self.trades[event.seq] += 1

    def unaccounted(self, head):
        """Return the trades that neither came nor were said to be missing; none twice."""
        assert set(self.trades.values()) <= {1}
        told = {
            seq
            for gap in self.missed
            if gap.channel == "trades"
            for seq in range(gap.from_seq, gap.to_seq + 1)
        }
        first = min(self.trades)
        return set(range(first, head + 1)) - self.trades.keys() - told
