"""What `lf` alone and `lf --help` print: the commands by group, and three examples."""

from typing import Any

from typer.core import TyperGroup

RUN_THE_STACK = "Run the stack"
WATCH = "Watch"
FEEDS = "Feeds"
TEST = "Test"
CONFIGURE = "Configure"
PANELS = (RUN_THE_STACK, WATCH, FEEDS, TEST, CONFIGURE)
"""The groups of commands in the order of the help."""
EXAMPLES = (
    ("lf up", "start everything, with a synthetic market"),
    ("lf up -d --source coinbase-advanced", "live, in the background"),
    ("lf status --json", "how it goes, for scripts"),
)


class RootGroup(TyperGroup):
    """The root command, with help of its own."""

    def get_help(self, ctx: Any) -> str:  # noqa: ARG002 - the framework passes it by name
        """Return the help text."""
        groups: dict[str, list[tuple[str, str]]] = {panel: [] for panel in PANELS}
        for name, command in self.commands.items():
            panel = str(getattr(command, "rich_help_panel", None))
            groups[panel].append((name, command.get_short_help_str(66)))
        lines = [str(self.help), "", "usage: lf COMMAND [OPTIONS]     lf COMMAND --help"]
        for panel, commands in groups.items():
            lines += ["", panel, *(f"  {name:<10} {text}" for name, text in commands)]
        lines += ["", "Examples", *(f"  {command:<35}  {text}" for command, text in EXAMPLES)]
        lines += ["", "Exit codes: lf help exit-codes"]
        return "\n".join(lines)
