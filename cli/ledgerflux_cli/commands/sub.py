"""`lf sub`."""

from typing import TYPE_CHECKING, Annotated

import typer

from ledgerflux_cli.examples import examples
from ledgerflux_cli.options import AsJson, DataDir, Gateway, read_duration

if TYPE_CHECKING:
    from ledgerflux.core.terms import Interval, Terms

CHANNELS = ("level2", "trades", "ticker", "status", "candles", "heartbeats", "system")
REPLAY_END = "replay-end"
ALL = "*"


@examples(
    "lf sub BTC-USD --channel trades",
    "lf sub --channel level2 --json --until replay-end > updates.jsonl",
    "lf sub BTC-USD --strict --duration 10m",
    "lf sub BTC-USD --depth 10 --conflate 250ms",
    "lf sub BTC-USD --channel candles --interval 1m",
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
    depth: Annotated[
        str,
        typer.Option("--depth", metavar="N|full", help="Levels of each side of a book; exact."),
    ] = "full",
    conflate: Annotated[
        str,
        typer.Option(
            "--conflate",
            metavar="INTERVAL",
            help="How often books and tickers are told: none, 50ms, 100ms, 250ms, 1s, latest.",
        ),
    ] = "none",
    interval: Annotated[
        str | None,
        typer.Option(
            "--interval",
            metavar="BAR",
            help="How long a candle is: 1m (without it), 5m, 15m, 1h, 6h, 1d.",
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
    compress: Annotated[
        bool | None,
        typer.Option(
            "--compress/--no-compress",
            help="Ask for compressed messages, or not; default not of this machine's gateway.",
        ),
    ] = None,
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
    terms = _terms(channels, depth, conflate)._replace(interval=_bar(channels, interval))
    if until is not None and (depth, conflate) != ("full", "none"):
        raise typer.BadParameter("--until: needs every event; not with --depth or --conflate")
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
        terms=terms,
        compression=compress,
    )
    asyncio.run(follow(find_gateway(data_dir, gateway), wish, write_line))


def _bar(channels: tuple[str, ...], interval: str | None) -> "Interval | None":
    """Return how long a candle is to be.

    Raises:
        BadParameter: No gateway would grant it.
    """
    from ledgerflux.core.terms import INTERVAL_S

    if interval is None:
        return None
    found = next((known for known in INTERVAL_S if known == interval), None)
    if found is None:
        raise typer.BadParameter(f"--interval: {interval!r} is none of {', '.join(INTERVAL_S)}")
    if "candles" not in channels:
        raise typer.BadParameter("--interval: only candles have one")
    return found


def _terms(channels: tuple[str, ...], depth: str, conflate: str) -> "Terms":
    """Return what the options ask for.

    Raises:
        BadParameter: No gateway would grant it.
    """
    from ledgerflux.core.terms import CONFLATIONS, DEPTHS, Terms

    levels = next((known for known in DEPTHS if str(known) == depth), None)
    interval = next((known for known in CONFLATIONS if known == conflate), None)
    if levels is None:
        raise typer.BadParameter(f"--depth: {depth!r} is none of {', '.join(map(str, DEPTHS))}")
    if interval is None:
        raise typer.BadParameter(f"--conflate: {conflate!r} is none of {', '.join(CONFLATIONS)}")
    if levels != "full" and "level2" not in channels:
        raise typer.BadParameter("--depth: only level2 has one")
    if interval != "none" and not {"level2", "ticker"} & set(channels):
        raise typer.BadParameter("--conflate: only level2 and ticker are conflated")
    if interval == "latest" and levels == "full" and "level2" in channels:
        raise typer.BadParameter("--conflate latest: needs a --depth of so many levels")
    return Terms(levels, interval)
