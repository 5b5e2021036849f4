"""`lf bench`."""

import signal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ledgerflux.errors import ConfigError
from ledgerflux_cli.examples import examples
from ledgerflux_cli.options import read_duration
from ledgerflux_cli.output import say, write

if TYPE_CHECKING:
    from ledgerflux.bench.evaluate import Document

STDOUT = "-"


@examples(
    "lf bench normalize --recording day.lfr",
    "lf bench e2e --rate max --json e2e.json",
    "lf bench gateway --peers",
    "lf bench normalize --compare before.json --tolerance 5%",
)
def bench(
    suite: Annotated[
        str, typer.Argument(metavar="normalize|ingest|e2e|gateway", help="What to measure.")
    ],
    recording: Annotated[
        list[Path] | None,
        typer.Option(
            "--recording",
            metavar="FILE",
            help="Frames to measure on; may be repeated; default made ones.",
        ),
    ] = None,
    rate: Annotated[
        str | None,
        typer.Option(
            "--rate", metavar="N|max", help="Messages a second; default those of the must."
        ),
    ] = None,
    duration: Annotated[
        str,
        typer.Option("--duration", metavar="DURATION", help="Of each measurement; default 5s."),
    ] = "5s",
    peers: Annotated[
        bool,
        typer.Option("--peers", help="Install what to measure against, once."),
    ] = False,
    json_to: Annotated[
        str | None,
        typer.Option("--json", metavar="FILE|-", help="Write lf.bench/1 there, - for stdout."),
    ] = None,
    compare: Annotated[
        Path | None,
        typer.Option("--compare", metavar="FILE", help="An earlier report to be as fast as."),
    ] = None,
    tolerance: Annotated[
        str, typer.Option("--tolerance", metavar="PERCENT", help="How much slower is no failure.")
    ] = "10%",
) -> int:
    """Measure what the pipeline must reach, on this machine.

    `normalize` alone, against other programs; `ingest` from file and socket to the log; `e2e`
    whole stacks of its own, ended after it; `gateway` what its clients cost, against other
    WebSocket servers. CPU seconds where the machine's load matters.

    Exit 0 reached, 99 a must is missed or something is slower, 98 the machine was disturbed.
    """
    from ledgerflux.bench.evaluate import exit_code
    from ledgerflux.bench.suites import (
        SUITES,
        Options,
        compared,
        read_document,
        read_rate,
        read_tolerance,
        run_suite,
    )

    wanted = next((name for name in SUITES if name == suite), None)
    if wanted is None:
        raise ConfigError(f"no suite {suite!r}: {', '.join(SUITES)}", code="bad_argument")
    per_s, to_the_limit = read_rate(rate)
    share = read_tolerance(tolerance)
    earlier = None if compare is None else read_document(compare)
    options = Options(
        tuple(recording or ()),
        read_duration("--duration", duration),
        per_s,
        to_the_limit,
        peers,
    )
    _check(wanted, options)
    # Stacks end with the measurement, whatever ends it.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    document = run_suite(wanted, options, say)
    if earlier is not None:
        document = compared(document, earlier, share)
    _finish(document, json_to)
    return exit_code(document.rows, document.slower)


def _check(suite: str, options: "tuple[tuple[Path, ...], float, int | None, bool, bool]") -> None:
    """Refuse what the suite does not use.

    Raises:
        ConfigError: An option has no effect here, or a file is not there.
    """
    recordings, _, rate, to_the_limit, peers = options
    for path in recordings:
        if not path.is_file():
            raise ConfigError(f"there is no recording {path}", code="bad_argument")
    if suite == "normalize" and (rate is not None or to_the_limit):
        raise ConfigError("--rate: normalize has no pace, it is as fast as it can be", code="usage")
    if suite == "ingest" and to_the_limit:
        raise ConfigError("--rate max is for e2e: ingest takes a number", code="usage")
    if suite in ("ingest", "e2e") and peers:
        raise ConfigError("--peers is for normalize and gateway", code="usage")
    if suite == "gateway" and recordings:
        raise ConfigError("--recording: gateway sends messages of its own", code="usage")
    if suite == "gateway" and (rate is not None or to_the_limit):
        raise ConfigError("--rate: gateway measures at a fixed pace", code="usage")


def _finish(document: "Document", json_to: str | None) -> None:
    import msgspec

    from ledgerflux.bench.page import lines

    text = msgspec.json.format(msgspec.json.encode(document), indent=2).decode()
    if json_to == STDOUT:
        write(text)
        return
    for line in lines(document):
        write(line)
    if json_to is not None:
        try:
            Path(json_to).write_text(text + "\n", encoding="utf-8")
        except OSError as error:
            raise ConfigError(
                f"--json: {json_to}: {error.strerror}", code="bad_argument"
            ) from error
        say(f"report: {json_to}")
