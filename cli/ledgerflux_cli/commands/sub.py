"""`lf sub`."""

from typing import Annotated

import typer

from ledgerflux_cli.examples import examples
from ledgerflux_cli.options import AsJson, DataDir, Gateway, read_duration

CHANNELS = ("level2", "trades", "ticker", "status", "heartbeats", "system")
REPLAY_END = "replay-end"
ALL = "*"


@examples(
    "lf sub BTC-USD --channel trades",
    "lf sub --channel level2 --json --until replay-end > updates.jsonl",
    "lf sub BTC-USD --strict --duration 10m",
)
def sub(
    products: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[PRODUCT]...", help="Product ids, and patterns such as '*-USD'; none for all."
        ),
    ] = None,
    channel: Annotated[
        list[str] | None,
        typer.Option(
            "--channel", metavar="CHANNEL", help=f"One of {', '.join(CHANNELS)}; may be repeated."
        ),
    ] = None,
    count: Annotated[
        int | None, typer.Option("--count", min=1, metavar="N", help="Stop after N messages.")
    ] = None,
    duration: Annotated[
        str | None, typer.Option("--duration", metavar="DURATION", help="Stop after this time.")
    ] = None,
    until: Annotated[
        str | None,
        typer.Option("--until", metavar=REPLAY_END, help="Stop when a replay is through."),
    ] = None,
    strict: Annotated[
        bool,
        typer.Option("--strict", help="Exit 7 at the first loss that was not announced."),
    ] = False,
    data_dir: DataDir = None,
    gateway: Gateway = None,
    as_json: AsJson = False,
) -> None:
    """Print what the gateway sends, message by message.

    With --json each line is one message exactly as it was received. Gaps are told; a message
    that does not continue its stream is subscribed anew, or with --strict the end.
    """
    channels = tuple(dict.fromkeys(channel or ("level2",)))
    for name in channels:
        if name not in CHANNELS:
            raise typer.BadParameter(f"--channel: {name!r} is none of {', '.join(CHANNELS)}")
    if until not in (None, REPLAY_END):
        raise typer.BadParameter(f"--until: only {REPLAY_END!r} can be waited for here")
    seconds = None if duration is None else read_duration("--duration", duration)

    import asyncio

    from ledgerflux_cli.find_gateway import find_gateway
    from ledgerflux_cli.follow import Wish, follow, write_line

    asked = tuple(dict.fromkeys(product.upper() for product in products or ()))
    wish = Wish(
        channels=channels,
        products=None if asked in ((), (ALL,)) else asked,
        messages=count,
        seconds=seconds,
        to_replay_end=until is not None,
        strict=strict,
        as_json=as_json,
    )
    asyncio.run(follow(find_gateway(data_dir, gateway), wish, write_line))
