"""The root of the command line, and how the command that is named is found.

The commands stand in `command_table`; only the module of the one that is named is imported.
"""

from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from ledgerflux_cli.command_table import COMMANDS, Entry
from ledgerflux_cli.file_defaults import file_defaults
from ledgerflux_cli.output import write
from ledgerflux_cli.root_help import PURPOSE, help_text
from ledgerflux_cli.versions import show_versions
from ledgerflux_cli.way import add_way


class RootGroup(TyperGroup):
    """The root command: its help is the table's, its commands are imported when named."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self.commands = LateCommands({entry.name: entry for entry in COMMANDS})  # type: ignore[assignment]

    def get_help(self, ctx: Any) -> str:  # noqa: ARG002 - the framework passes it by name
        """Return the help text."""
        return help_text()

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Return name, command and rest, once settings files have given their defaults."""
        name, command, rest = super().resolve_command(ctx, args)
        if name is not None:
            ctx.default_map = {name: file_defaults(name, command, rest)}
        return name, command, rest


class LateCommands(Mapping[str, Any]):
    """The commands by name; one is imported and built when it is looked up."""

    def __init__(self, entries: Mapping[str, Entry]) -> None:
        self._entries = entries
        self._built: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._built:
            self._built[name] = build_command(self._entries[name])
        return self._built[name]

    def __contains__(self, name: object) -> bool:
        return name in self._entries

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)


def build_command(entry: Entry) -> Any:
    """Return the command of `entry`, its module imported."""
    module, _, attribute = (entry.place or f"{entry.name}:{entry.name}").partition(":")
    target = getattr(import_module(f"ledgerflux_cli.commands.{module}"), attribute)
    if not isinstance(target, typer.Typer):
        holder = typer.Typer(
            add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False
        )
        holder.command(entry.name)(target)
        target = holder
    command = typer.main.get_command(target)
    command.name = entry.name
    add_way(command)
    return command


app = typer.Typer(
    cls=RootGroup,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback(help=PURPOSE)
def root(
    context: typer.Context,
    show: Annotated[
        bool, typer.Option("--version", help="Print the version.", is_eager=True)
    ] = False,
) -> None:
    """Answer what is asked of no command."""
    if show:
        show_versions()
        raise typer.Exit
    if context.invoked_subcommand is None:
        write(context.get_help())


def invoke(arguments: Sequence[str]) -> int:
    """Run one command without the framework's own handling of errors and exits."""
    command = typer.main.get_command(app)
    try:
        with command.make_context("lf", list(arguments)) as context:
            code = command.invoke(context)
    except typer.Exit as done:
        return done.exit_code
    except typer.Abort as asked:
        raise KeyboardInterrupt from asked
    return code if isinstance(code, int) else 0
