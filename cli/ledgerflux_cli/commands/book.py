"""`lf book`."""

from typing import Annotated, Any

import typer

from ledgerflux_cli.examples import examples
from ledgerflux_cli.options import AsJson, DataDir, Gateway
from ledgerflux_cli.output import write, write_json, write_lines

SCHEMA = "lf.book/1"
FULL = "full"
TIMEOUT_S = 15.0


@examples(
    "lf book BTC-USD",
    "lf book BTC-USD --depth full --json | jq '.bids[0]'",
    "lf book BTC-USD --hash",
)
def book(
    product: Annotated[str, typer.Argument(metavar="PRODUCT", help="A product id.")],
    depth: Annotated[
        str, typer.Option("--depth", metavar="N|full", help="Levels of each side.")
    ] = "10",
    only_hash: Annotated[
        bool, typer.Option("--hash", help="Only the SHA-256 of the canonical full book.")
    ] = False,
    data_dir: DataDir = None,
    gateway: Gateway = None,
    as_json: AsJson = False,
) -> None:
    """Print a product's book as the gateway holds it now.

    A book that is not live says so, and one whose feed proves nothing is `unproven`. The
    hash is over the whole book whatever the depth.
    """
    levels = _read_depth(depth)

    import asyncio

    from ledgerflux_cli.find_gateway import find_gateway

    addresses = find_gateway(data_dir, gateway)
    document = asyncio.run(_fetch(addresses, product.upper(), levels))
    if as_json:
        write_json(document)
    elif only_hash:
        write(str(document["hash"]))
    else:
        from ledgerflux_cli.market_lines import book_lines

        write_lines(book_lines(document))


def _read_depth(text: str) -> int | None:
    if text == FULL:
        return None
    if text.isascii() and text.isdecimal() and int(text) > 0:
        return int(text)
    raise typer.BadParameter(f"--depth: {text!r} is neither a number of levels nor {FULL!r}")


async def _fetch(addresses: list[str], product: str, depth: int | None) -> dict[str, Any]:
    """Return the `lf.book/1` document of `product`.

    Raises:
        Timeout: Its snapshot did not come.
        LedgerFluxError: The gateway does not serve it.
    """
    import asyncio

    from ledgerflux.client import Message, connect
    from ledgerflux.core.book import book_hash
    from ledgerflux.errors import GatewayError, Timeout
    from ledgerflux_cli.find_gateway import refused

    try:
        async with asyncio.timeout(TIMEOUT_S), connect(addresses) as client:
            await client.subscribe("level2", [product])
            mirror = client.books[product]
            while True:
                message = await anext(client)
                if mirror.whole and isinstance(message, Message) and message.channel == "level2":
                    break
    except GatewayError as error:
        raise refused(error) from error
    except TimeoutError as error:
        raise Timeout(f"no whole book of {product} came in {TIMEOUT_S:.0f} s") from error
    assert mirror.position is not None
    return {
        "schema": SCHEMA,
        "venue": message.venue,
        "product_id": product,
        "epoch": mirror.position.epoch,
        "seq": mirror.position.seq,
        "state": mirror.state,
        "integrity": mirror.integrity,
        "bids": mirror.book.bids(depth),
        "asks": mirror.book.asks(depth),
        "hash": book_hash(mirror.book.bids(), mirror.book.asks()),
        "ts_exchange": mirror.ts_exchange,
        "ts_receive": mirror.ts_receive,
    }
