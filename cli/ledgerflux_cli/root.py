"""What `lf` alone and `lf --help` print, and how the command that is named is found."""

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup

from ledgerflux_cli.command_table import COMMANDS, PANELS, Entry

EXAMPLES = (
    ("lf up", "start everything, with a synthetic market"),
    ("lf up -d --source coinbase-advanced", "live, in the background"),
    ("lf status --json", "how it goes, for scripts"),
)
NAME_WIDTH = 10


class RootGroup(TyperGroup):
    """The root command: its help is the table's, its commands are imported when named."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self.commands = LateCommands({entry.name: entry for entry in COMMANDS})  # type: ignore[assignment]

    def get_help(self, ctx: Any) -> str:  # noqa: ARG002 - the framework passes it by name
        """Return the help text."""
        lines = [str(self.help), "", "usage: lf COMMAND [OPTIONS]     lf COMMAND --help"]
        for panel in PANELS:
            entries = [entry for entry in COMMANDS if entry.panel == panel]
            lines += ["", panel, *(f"  {row.name:<{NAME_WIDTH}} {row.help}" for row in entries)]
        lines += ["", "Examples", *(f"  {command:<35}  {text}" for command, text in EXAMPLES)]
        lines += ["", "Exit codes: lf help exit-codes"]
        return "\n".join(lines)


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
    return command
