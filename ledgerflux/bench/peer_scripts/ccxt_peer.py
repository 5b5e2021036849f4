"""ccxt's Coinbase handler on the frames of a file; one round for each line read."""

import asyncio
import json
import sys
import time
from pathlib import Path

import ccxt.pro


class Connection:
    """What the handler needs of a socket: somewhere to put what it made."""

    def __init__(self) -> None:
        self.subscriptions: dict[str, object] = {}
        self.futures: dict[str, object] = {}
        self.url = "ws://127.0.0.1"

    def resolve(self, result: object, _name: str) -> object:
        """Take what a watcher would get."""
        return result

    def reject(self, error: object, _name: str) -> object:
        """Take what a watcher would be told."""
        raise RuntimeError(error)


async def one_round(head: list[str], frames: list[str], products: list[str]) -> float:
    """Return CPU seconds a frame of a new handler, its book loaded before; JSON included."""
    exchange = ccxt.pro.coinbase({"newUpdates": True})
    markets = []
    for product in products:
        base, quote = product.split("-")
        markets.append(
            exchange.safe_market_structure(
                {
                    "id": product,
                    "symbol": f"{base}/{quote}",
                    "base": base,
                    "quote": quote,
                    "baseId": base,
                    "quoteId": quote,
                    "type": "spot",
                    "spot": True,
                    "active": True,
                }
            )
        )
    exchange.set_markets(markets)
    connection = Connection()
    for product in products:
        connection.subscriptions[f"level2::{product.replace('-', '/')}"] = {}
    for frame in head:
        exchange.handle_message(connection, json.loads(frame))
    begin = time.process_time()
    for frame in frames:
        exchange.handle_message(connection, json.loads(frame))
    spent_s = (time.process_time() - begin) / len(frames)
    await exchange.close()
    return spent_s


def main() -> None:
    """Read frames, then do a round for each line of standard input."""
    held = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    work = held["head"], held["frames"], held["products"]
    asyncio.run(one_round(*work))
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    for _ in sys.stdin:
        sys.stdout.write(f"{asyncio.run(one_round(*work))}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
