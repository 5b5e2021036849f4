"""`lf help`."""

from typing import Annotated, Any

import typer

from ledgerflux.errors import ConfigError
from ledgerflux_cli.close_match import did_you_mean
from ledgerflux_cli.examples import examples
from ledgerflux_cli.output import write, write_json
from ledgerflux_cli.topics import TOPICS


@examples(
    "lf help errors",
    "lf help replay start",
    "lf help --json | jq -r '.commands[].path'",
)
def help_topic(
    context: typer.Context,
    topic: Annotated[
        list[str] | None,
        typer.Argument(metavar="[COMMAND|TOPIC]", help="A command, or one of the topics below."),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="As JSON; without a topic, the whole tree of commands.")
    ] = False,
) -> None:
    """Explain a command or a topic.

    Topics: exit-codes, errors, environment, config, feeds, conditions.
    """
    path = " ".join(topic or ())
    if path in TOPICS:
        if as_json:
            write_json(TOPICS[path].document())
        else:
            write("\n".join(TOPICS[path].lines()))
    elif as_json:
        write_json(_document(path))
    else:
        write(_text(context, path))


def _text(context: typer.Context, path: str) -> str:
    root: Any = context.parent
    asked = root
    for name in path.split():
        commands = getattr(asked.command, "commands", {})
        if name not in commands:
            raise _unknown(path)
        asked = commands[name].make_context(name, [], parent=asked, resilient_parsing=True)
    return str(asked.get_help())


def _document(path: str) -> dict[str, Any]:
    from ledgerflux_cli.tree import SCHEMA, command_at, whole_tree

    if not path:
        return whole_tree()
    command = command_at(path)
    if command is None:
        raise _unknown(path)
    return {"schema": SCHEMA, "commands": [command]}


def _unknown(path: str) -> ConfigError:
    from ledgerflux_cli.command_table import COMMANDS

    known = [*TOPICS, *(entry.name for entry in COMMANDS)]
    meant = did_you_mean(path, known) or f": there is {', '.join(known)}"
    return ConfigError(f"no help on {path!r}{meant}", code="bad_argument")
