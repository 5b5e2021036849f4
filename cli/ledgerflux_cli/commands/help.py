"""`lf help`."""

from typing import Annotated

import typer

from ledgerflux.errors import ConfigError
from ledgerflux_cli.output import write, write_json

EXIT_CODES = (
    (0, "ok", "done; healthy; drained"),
    (1, "failed", "the operation failed, a service had to be killed, or a bug"),
    (2, "usage", "bad flag, value or setting"),
    (3, "unreachable", "NATS, Postgres or gateway not reachable; stack not running"),
    (4, "timeout", "--wait-timeout or --timeout ran out"),
    (5, "prerequisite", "a needed tool, wheel or permission is missing"),
    (6, "conflict", "already running, port or lock taken, fenced by a newer writer"),
    (7, "integrity", "a gap, duplicate, regression, checksum or loss was found"),
    (10, "unhealthy", "reachable but degraded"),
    (130, "interrupted", "Ctrl-C where that is not the normal end, or twice"),
    (143, "terminated", "SIGTERM where that is not the normal end"),
)
TOPICS = ("exit-codes",)
SCHEMA = "lf.exit-codes/1"


def help_topic(
    context: typer.Context,
    topic: Annotated[str | None, typer.Argument(help="A command, or exit-codes.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="JSON on standard output.")] = False,
) -> None:
    """Explain a command, or a topic: exit-codes."""
    root = context.parent
    assert root is not None
    if topic is None:
        write(root.get_help())
        return
    if topic not in TOPICS:
        commands = getattr(root.command, "commands", {})
        if topic not in commands:
            known = ", ".join((*TOPICS, *commands))
            raise ConfigError(f"no help on {topic!r}: there is {known}", code="bad_argument")
        asked = commands[topic].make_context(topic, [], parent=root, resilient_parsing=True)
        write(asked.get_help())
        return
    if as_json:
        codes = [{"code": code, "name": name, "when": when} for code, name, when in EXIT_CODES]
        write_json({"schema": SCHEMA, "exit_codes": codes})
        return
    for code, name, when in EXIT_CODES:
        write(f"{code:>3}  {name:<12}  {when}")
