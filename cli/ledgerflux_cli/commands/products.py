"""`lf products`."""

import shutil
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ledgerflux_cli.examples import examples
from ledgerflux_cli.options import AsJson, DataDir, Gateway
from ledgerflux_cli.output import say, write_json, write_lines

if TYPE_CHECKING:
    from ledgerflux_tui.lines import Line, Segment

SCHEMA = "lf.product-list/1"
RATE_S = 1.0


@examples(
    "lf products", "lf products --rate", "lf products --json | jq -r '.products[].product_id'"
)
def products(
    rate: Annotated[
        bool, typer.Option("--rate", help="Measure updates a second, which takes a second.")
    ] = False,
    data_dir: DataDir = None,
    gateway: Gateway = None,
    as_json: AsJson = False,
) -> None:
    """List the products that are served: partition, shard, state, proof.

    SEQ and TRADES are the last sequence numbers of the streams level2 and trades.
    """
    address = _address(data_dir, gateway)
    document = _list(address)
    if rate:
        document = _with_rates(address, document)
    if as_json:
        write_json(document)
        return
    if not document["products"]:
        say("no product is served yet")
        return
    write_lines(product_lines(document, shutil.get_terminal_size((120, 40)).columns))


def _address(data_dir: Path | None, gateway: str | None) -> str:
    from ledgerflux_cli.find_gateway import find_gateway_http

    return find_gateway_http(data_dir, gateway)


def _list(address: str) -> dict[str, Any]:
    """Return the document, rates not known."""
    from ledgerflux_cli.gateway_http import get_products, get_status

    return merge(get_products(address), get_status(address))


def _with_rates(address: str, before: dict[str, Any]) -> dict[str, Any]:
    began_s = time.monotonic()
    time.sleep(RATE_S)
    document = _list(address)
    seconds = time.monotonic() - began_s
    earlier = {row["product_id"]: row for row in before["products"]}
    for row in document["products"]:
        was = earlier.get(row["product_id"])
        if was is not None and was["epoch"] == row["epoch"]:
            row["rate"] = round((row["level2"] - was["level2"]) / seconds, 1)
    return document


def merge(listed: Mapping[str, Any], status: Mapping[str, Any]) -> dict[str, Any]:
    """Return the gateway's products, each with the shard that makes it."""
    shard_of = {product: row["shard"] for row in status["shards"] for product in row["products"]}
    rows = [
        {**row, "shard": shard_of.get(row["product_id"]), "rate": None}
        for row in listed["products"]
    ]
    return {
        "schema": SCHEMA,
        "venue": listed["venue"],
        "source": status["source"],
        "products": rows,
    }


def product_lines(document: Mapping[str, Any], width: int) -> "list[Line]":
    """Return the products, one a line."""
    from ledgerflux_tui.lines import NOTHING, Column, number, table
    from ledgerflux_tui.view import proof, state_style

    source: Line = [(f"source {document['source']}", "dim")]
    columns = [
        Column("PRODUCT"),
        Column("VENUE", rank=3),
        Column("PART", right=True, rank=4),
        Column("SHARD", right=True, rank=2),
        Column("BOOK"),
        Column("PROOF", rank=1),
        Column("SEQ", right=True),
        Column("TRADES", right=True, rank=5),
        Column("UPD/S", right=True),
    ]
    rows: list[list[Segment]] = [
        [
            (row["product_id"], "head"),
            (document["venue"], "dim"),
            (f"{row['partition']:02d}", "dim"),
            (NOTHING if row["shard"] is None else str(row["shard"]), "dim"),
            (row["state"], state_style(row["state"])),
            proof(row["integrity"]),
            (str(row["level2"]), "plain"),
            (str(row["trades"]), "plain"),
            (number(row["rate"]), "plain"),
        ]
        for row in document["products"]
    ]
    if all(row["rate"] is None for row in document["products"]):
        columns, rows = columns[:-1], [row[:-1] for row in rows]
    return [source, *table(columns, rows, width)]
