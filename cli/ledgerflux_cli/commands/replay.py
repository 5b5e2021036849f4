"""`lf replay`: control of the exchange that plays a recording or makes a market."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from ledgerflux.errors import ConfigError
from ledgerflux_cli.examples import examples
from ledgerflux_cli.options import AsJson, DataDir, run_dir_of
from ledgerflux_cli.output import write, write_json

if TYPE_CHECKING:
    from pathlib import Path

    from ledgerflux.roles.exchange import Started
    from ledgerflux.wire.replay import ReplayHealth

SCHEMA = "lf.replay/1"

replay = typer.Typer(
    help="Control the market that the stack's exchange serves.",
    rich_markup_mode=None,
    add_completion=False,
    no_args_is_help=False,
)


@replay.callback()
def group() -> None:
    """Control the market that the stack's exchange serves."""


@replay.command()
@examples("lf replay start")
def start(data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Let a market that was held by `lf up --paused` run.

    Doing it again changes nothing. Exit 0; 3 without a stack, 6 where its source is live.
    """
    from ledgerflux.stack.replaying import start_market

    started = start_market(run_dir_of(data_dir))
    if as_json:
        write_json(
            {
                "schema": SCHEMA,
                "source": started.source,
                "state": started.state,
                "was_paused": started.was_paused,
            }
        )
    else:
        write(describe(started))


def describe(started: "Started") -> str:
    """Return the line that says what happened."""
    if started.was_paused:
        return f"{started.source}: started"
    did = "has ended" if started.state == "ended" else "was not paused"
    return f"{started.source}: {did}"


@replay.command()
@examples("lf replay pause")
def pause(data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Let the market stand where it is.

    Exit 0; 3 without a stack, 6 where its source is live.
    """
    _order(data_dir, as_json, action="pause")


@replay.command()
@examples("lf replay resume")
def resume(data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Let a market that was paused go on.

    Exit 0; 3 without a stack, 6 where its source is live.
    """
    _order(data_dir, as_json, action="resume")


@replay.command()
@examples("lf replay speed 10", "lf replay speed max")
def speed(
    pace: Annotated[
        str,
        typer.Argument(metavar="SPEED", help="Market seconds a second, 0.1 to 1000, or max."),
    ],
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Let the market go on at another speed.

    Exit 0; 2 for no such speed, 3 without a stack, 6 where its source is live.
    """
    _order(data_dir, as_json, action="speed", speed=read_speed(pace))


@replay.command()
@examples("lf replay step", "lf replay step 100")
def step(
    count: Annotated[
        int, typer.Argument(metavar="[FRAMES]", min=1, max=10_000, help="How many frames.")
    ] = 1,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Let so many more frames out of a paused market; one that runs is paused first.

    Exit 0; 3 without a stack, 6 where its source is live.
    """
    _order(data_dir, as_json, action="step", count=count)


@replay.command(context_settings={"ignore_unknown_options": True})
@examples("lf replay seek -10s", "lf replay seek 13:47:22", "lf replay seek start")
def seek(
    place: Annotated[
        str,
        typer.Argument(
            metavar="PLACE",
            help="+10s, -1m, start, end, 50%, 13:47:22 or 2026-01-31T13:47:22Z.",
        ),
    ],
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Go to another place of the recording: a new epoch of every stream, with the books there.

    Exit 0; 2 for no such place, 3 without a stack, 6 where its source is no recording.
    """
    from ledgerflux.core.seek_text import FORMS, read_seek
    from ledgerflux.model.units import NANOS_PER_MS

    now = _asked(data_dir, action="status")
    held = now.recording
    found = read_seek(place, held.span_ns if held else 0, held.begin_ns if held else 0)
    if found is None:
        raise ConfigError(f"PLACE: {place!r} is none of {FORMS}", code="bad_argument")
    words = zip(("to_ms", "at_ms", "by_ms"), found, strict=True)
    _order(
        data_dir,
        as_json,
        action="seek",
        **{name: ns // NANOS_PER_MS for name, ns in words if ns is not None},
    )


@replay.command()
@examples("lf replay status", "lf replay status --json")
def status(data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Say how far the market is, and how fast it goes.

    Exit 0; 3 without a stack, 6 where its source is live.
    """
    _order(data_dir, as_json, action="status")


def read_speed(text: str) -> "float | str":
    """Return a speed: a number from 0.1 to 1000, or `max`.

    Raises:
        ConfigError: `text` is neither.
    """
    from ledgerflux.wire.replay import SPEED_MAX, SPEED_MIN

    if text == "max":
        return text
    try:
        pace = float(text.removesuffix("x"))
    except ValueError:
        pace = 0.0
    if not SPEED_MIN <= pace <= SPEED_MAX:
        wrong = f"SPEED: {text!r} is neither a number from {SPEED_MIN:g} to {SPEED_MAX:g} nor max"
        raise ConfigError(wrong, code="bad_argument")
    return pace


def told(now: "ReplayHealth") -> str:
    """Return the line that says how far a market is."""
    from ledgerflux.model.units import rfc3339

    pace = "max" if now.speed is None else f"{now.speed:g}x"
    held = "" if now.held is None else f" (holds {now.held:.1f}x)"
    place = f"frame {now.frames:,}"
    if now.recording is not None:
        place += f" of {now.recording.frames:,}, {now.offset_ns / 1e9:.1f} s of "
        place += f"{now.recording.span_ns / 1e9:.1f} s"
    timeless = now.recording is not None and now.recording.begin_ns is None
    at = "" if timeless else f", {rfc3339(now.time_ns)[:23]}Z"
    return f"{now.source}: {now.state}, speed {pace}{held}, {place}{at}"


def _asked(data_dir: "Path | None", **words: Any) -> "ReplayHealth":
    from ledgerflux.stack.replaying import order_market
    from ledgerflux.wire.replay import ReplayOrder

    order: ReplayOrder = ReplayOrder(**words)
    return order_market(run_dir_of(data_dir), order)


def _order(data_dir: "Path | None", as_json: bool, **words: Any) -> None:
    now = _asked(data_dir, **words)
    if not as_json:
        write(told(now))
        return
    from ledgerflux.wire.replay_status import replay_status

    document = replay_status(now, ended=now.state == "ended", through=False).model_dump()
    del document["through"]  # the exchange alone does not know
    write_json({"schema": SCHEMA, "source": now.source, **document})
