"""`lf top`."""

import shutil
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ledgerflux_cli.examples import examples
from ledgerflux_cli.find_status import find_status
from ledgerflux_cli.options import AsJson, DataDir, Gateway, read_duration
from ledgerflux_cli.output import write, write_json, write_lines

if TYPE_CHECKING:
    from ledgerflux_tui.top import Sample, Screen

SCHEMA = "lf.top/1"
SCREENS = ("overview", "shards", "pipeline")
DELAY_MIN_S = 0.1


@examples("lf top", "lf top --once --screen pipeline", "lf top -n 60 -d 10s --json > hour.jsonl")
def top(
    once: Annotated[bool, typer.Option("--once", help="One frame, the same as -n 1.")] = False,
    frames: Annotated[
        int | None, typer.Option("-n", "--frames", min=1, metavar="N", help="Stop after N frames.")
    ] = None,
    delay: Annotated[
        str, typer.Option("-d", "--delay", metavar="DURATION", help="Time between frames.")
    ] = "1s",
    screen: Annotated[
        str, typer.Option("--screen", metavar="|".join(SCREENS), help="What to show.")
    ] = "overview",
    data_dir: DataDir = None,
    gateway: Gateway = None,
    as_json: AsJson = False,
) -> None:
    """Show how the stack does, in plain lines, frame after frame.

    Nothing is redrawn: for logs, pipes and screen readers. Rates are those between two
    frames, so a single frame takes as long as one delay.
    """
    chosen = _read_screen(screen)
    delay_s = read_duration("--delay", delay)
    if delay_s < DELAY_MIN_S:
        raise typer.BadParameter(f"--delay: {delay!r} is less than 100ms")
    wanted = 1 if once else frames
    try:
        for number, sample in enumerate(_samples(data_dir, gateway, delay_s, wanted)):
            if as_json:
                _write_document(chosen, sample)
            else:
                _write_frame(chosen, sample, first=number == 0)
    except KeyboardInterrupt:
        return


def _read_screen(text: str) -> "Screen":
    for name in SCREENS:
        if name == text:
            return name  # type: ignore[return-value]
    raise typer.BadParameter(f"--screen: {text!r} is none of {', '.join(SCREENS)}")


def _samples(
    data_dir: Path | None, gateway: str | None, delay_s: float, wanted: int | None
) -> Iterator["Sample"]:
    """Yield as many samples as wanted; a single one is not the first: it has rates.

    Raises:
        NotRunning: There is no stack, or no longer.
        GatewayError: The gateway named does not answer.
    """
    from ledgerflux_tui.top import Sample

    before, then_s = None, 0.0
    for taken in count():
        status, now_s = find_status(data_dir, gateway), time.monotonic()
        if taken or wanted != 1:
            yield Sample(status, time.time_ns(), before, max(1e-3, now_s - then_s))
        if taken + (wanted != 1) == wanted:
            return
        before, then_s = status, now_s
        time.sleep(delay_s)


def _write_frame(screen: "Screen", sample: "Sample", *, first: bool) -> None:
    from ledgerflux.model.units import NANOS_PER_S, rfc3339
    from ledgerflux_tui.top import frame

    if not first:
        write()
    write(rfc3339(sample.now_ns // NANOS_PER_S * NANOS_PER_S)[:19] + "Z")
    write_lines(frame(screen, sample, shutil.get_terminal_size((120, 40)).columns))


def _write_document(screen: "Screen", sample: "Sample") -> None:
    from ledgerflux.model.units import rfc3339
    from ledgerflux_tui.top import product_rates

    write_json(
        {
            "schema": SCHEMA,
            "ts": rfc3339(sample.now_ns),
            "screen": screen,
            "rates": product_rates(sample),
            "status": sample.status,
        }
    )
