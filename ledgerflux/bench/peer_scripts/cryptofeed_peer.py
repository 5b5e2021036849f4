"""cryptofeed's Coinbase handler on the frames of a file; one round for each line read.

Its asks stay empty on today's feed, which calls the side `offer`: here it is `ask`, so that
it does the work it means to.
"""

import asyncio
import json
import logging
import sys
import time
from pathlib import Path

from cryptofeed.defines import L2_BOOK, TRADES
from cryptofeed.exchanges import Coinbase
from cryptofeed.symbols import Symbols


async def nothing(*_args: object) -> None:
    """Take what the handler tells."""


async def one_round(head: list[str], frames: list[str], symbols: list[str]) -> float:
    """Return CPU seconds a frame of a new handler, its book loaded before."""
    config = {"coinbase": {"key_id": "none", "key_secret": "none"}}
    callbacks = {L2_BOOK: nothing, TRADES: nothing}
    feed = Coinbase(symbols=symbols, channels=[L2_BOOK, TRADES], callbacks=callbacks, config=config)
    for frame in head:
        await feed.message_handler(frame, None, 0.0)
    begin = time.process_time()
    for frame in frames:
        await feed.message_handler(frame, None, 0.0)
    return (time.process_time() - begin) / len(frames)


def main() -> None:
    """Read frames, then do a round for each line of standard input."""
    logging.disable(logging.CRITICAL)
    held = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    symbols = held["products"]
    Symbols.set("COINBASE", {name: name for name in symbols}, {"instrument_type": {}})
    head, frames = (
        [frame.replace('"side":"offer"', '"side":"ask"') for frame in held[name]]
        for name in ("head", "frames")
    )
    asyncio.run(one_round(head, frames, symbols))
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    for _ in sys.stdin:
        sys.stdout.write(f"{asyncio.run(one_round(head, frames, symbols))}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
