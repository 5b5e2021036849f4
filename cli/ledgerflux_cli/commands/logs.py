"""`lf logs`."""

import re
import sys
import time
from collections import deque
from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated

import typer

from ledgerflux.errors import ConfigError
from ledgerflux_cli.deploy_options import Agreed, KubeContext
from ledgerflux_cli.examples import examples
from ledgerflux_cli.options import AsJson, DataDir, run_dir_of
from ledgerflux_cli.output import say, write, write_json, write_lines
from ledgerflux_cli.targets import (
    COMPOSE,
    LOCAL,
    MINIKUBE,
    OF_MINIKUBE,
    Target,
    refuse_these,
    target_of,
)

if TYPE_CHECKING:
    from ledgerflux.deploy.log_wish import LogWish
    from ledgerflux.stack.logs import Entry, Logs, Wanted
    from ledgerflux.stack.run_dir import RunDir
    from ledgerflux.telemetry.log_lines import Level

POLL_S = 0.2
DEFAULT_TAIL = 200
ALL = "all"
FORMATS = ("text", "raw", "json")
LEVELS = ("debug", "info", "warning", "error")
FLUSH_LINES = 1000
OF_FILES = ("until", "level", "include", "exclude", "output", "as_json")
"""Parameters that only our own reading of the files knows."""


@examples(
    "lf logs -f",
    "lf logs normalize/2 ingest --since -15m --level warning",
    "lf logs --tail all --json | jq .event",
)
def logs(
    context: typer.Context,
    services: Annotated[
        list[str] | None,
        typer.Argument(metavar="[SERVICE]...", help="gateway, normalize, normalize/2, ..."),
    ] = None,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Go on with what is written from now on.")
    ] = False,
    tail: Annotated[
        str | None,
        typer.Option(
            "--tail", metavar="N|all", help="Only the last N lines; default 200, with --since all."
        ),
    ] = None,
    since: Annotated[
        str | None, typer.Option("--since", metavar="TIME", help="From -15m or an RFC 3339 time.")
    ] = None,
    until: Annotated[
        str | None, typer.Option("--until", metavar="TIME", help="Up to such a time.")
    ] = None,
    level: Annotated[
        str, typer.Option("--level", metavar="|".join(LEVELS), help="From this level on.")
    ] = "debug",
    include: Annotated[
        str | None,
        typer.Option("--include", "-i", metavar="REGEX", help="Only lines it is found in."),
    ] = None,
    exclude: Annotated[
        str | None,
        typer.Option("--exclude", "-e", metavar="REGEX", help="No line it is found in."),
    ] = None,
    output: Annotated[
        str, typer.Option("--output", "-o", metavar="|".join(FORMATS), help="How to print them.")
    ] = "text",
    no_prefix: Annotated[
        bool, typer.Option("--no-prefix", help="Leave out the name of the service.")
    ] = False,
    target: Target = None,
    kube_context: KubeContext = None,
    yes: Agreed = False,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Print the logs of all services as one stream, in order of time.

    They come from the files of the data directory, so also after the stack has ended; of
    another target from the engine or the cluster. Times are UTC. A role that was started by
    hand writes to its own terminal instead.
    """
    run_dir = run_dir_of(data_dir)
    count = _read_tail(tail, default=None if since else DEFAULT_TAIL)
    target = target_of(run_dir, target)
    if target != MINIKUBE:
        refuse_these(context, ("kube_context", "yes"), OF_MINIKUBE)
    if target != LOCAL:
        refuse_these(context, OF_FILES, f"--target {LOCAL}")
        from ledgerflux.deploy.log_wish import LogWish

        start = None if since is None else _instant(since)
        wish = LogWish(tuple(services or ()), follow, count, start, not no_prefix)
        raise typer.Exit(_elsewhere(run_dir, target, wish, kube_context, yes=yes))
    if output not in FORMATS:
        raise typer.BadParameter(f"--output: {output!r} is none of {', '.join(FORMATS)}")
    from ledgerflux.stack.logs import Logs, choose_services

    wanted = _wanted(level, since, until, include, exclude)
    names = choose_services(run_dir, services or ())
    printer = _Printer("json" if as_json else output, () if no_prefix else names)
    source = Logs(run_dir, names if services else None, whole_lines=follow)
    entries: Iterable[Entry] = filter(wanted.takes, source.more())
    printer.print(entries if count is None else deque(entries, maxlen=count))
    if follow:
        _follow(run_dir, source, wanted, printer)


def _elsewhere(
    run_dir: "RunDir", target: str, wish: "LogWish", kube_context: str | None, *, yes: bool
) -> int:
    """Have the engine, or the cluster, print its logs; return the exit code."""
    if target == COMPOSE:
        from ledgerflux_cli import compose_target

        return compose_target.logs(run_dir, wish)
    from ledgerflux_cli import minikube_target

    cluster = minikube_target.wish_of(kube_context=kube_context, yes=yes)
    return minikube_target.logs(cluster, wish)


def _instant(since: str) -> str:
    from ledgerflux.model.units import rfc3339
    from ledgerflux_cli.times import read_time

    return rfc3339(read_time("--since", since, time.time_ns()))


def _follow(run_dir: "RunDir", source: "Logs", wanted: "Wanted", printer: "_Printer") -> None:
    """Print what comes until the stack ends or the user has seen enough."""
    try:
        ended = False
        while not ended:
            ended = run_dir.holder() is None or wanted.is_over(time.time_ns())
            printer.print(filter(wanted.takes, source.more()))
            time.sleep(0 if ended else POLL_S)
    except KeyboardInterrupt:
        return
    if run_dir.holder() is None:
        say(f"nothing runs in {run_dir.path}: there is no more to come")


def _wanted(
    level: str, since: str | None, until: str | None, include: str | None, exclude: str | None
) -> "Wanted":
    from ledgerflux.stack.logs import Wanted
    from ledgerflux_cli.times import read_time

    now_ns = time.time_ns()
    return Wanted(
        level=_read_level(level),
        since_ns=None if since is None else read_time("--since", since, now_ns),
        until_ns=None if until is None else read_time("--until", until, now_ns),
        include=_read_pattern("--include", include),
        exclude=_read_pattern("--exclude", exclude),
    )


def _read_level(text: str) -> "Level":
    for level in LEVELS:
        if text.lower() in (level, level.removesuffix("ing")):
            return level  # type: ignore[return-value]
    raise typer.BadParameter(f"--level: {text!r} is none of {', '.join(LEVELS)}")


def _read_pattern(flag: str, text: str | None) -> re.Pattern[str] | None:
    try:
        return None if text is None else re.compile(text)
    except re.error as error:
        raise ConfigError(
            f"{flag}: {text!r} is no regular expression: {error}", code="bad_argument"
        ) from None


def _read_tail(text: str | None, default: int | None) -> int | None:
    if text is None:
        return default
    if text == ALL:
        return None
    if text.isascii() and text.isdecimal():
        return int(text)
    raise typer.BadParameter(f"--tail: {text!r} is neither a number of lines nor {ALL!r}")


class _Printer:
    """Writes entries in one of the formats; `services` are those whose names are shown."""

    def __init__(self, output: str, services: Iterable[str]) -> None:
        from ledgerflux_cli.log_view import prefix_width

        self._output = output
        self._width = prefix_width(services)

    def print(self, entries: "Iterable[Entry]") -> None:
        """Write `entries`, in pieces of `FLUSH_LINES`."""
        waiting: list[Entry] = []
        for entry in entries:
            waiting.append(entry)
            if len(waiting) == FLUSH_LINES:
                self._flush(waiting)
                waiting = []
        if waiting:
            self._flush(waiting)

    def _flush(self, entries: "list[Entry]") -> None:
        from ledgerflux_cli.log_view import log_document, log_line

        if self._output == "text":
            now_ns = time.time_ns()
            write_lines([log_line(entry, now_ns, self._width) for entry in entries], cut=False)
        for entry in entries:
            if self._output == "json":
                write_json(log_document(entry))
            elif self._output == "raw":
                self._raw(entry)

    def _raw(self, entry: "Entry") -> None:
        from ledgerflux.telemetry.log_lines import printable

        prefix = f"{entry.service.ljust(self._width)}  " if self._width else ""
        raw = entry.line.raw
        write(prefix + (printable(raw) if sys.stdout.isatty() else raw))
