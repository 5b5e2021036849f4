"""What `lf` alone and `lf --help` print: the commands by group, and three examples."""

from ledgerflux_cli.command_table import COMMANDS, PANELS

PURPOSE = "Exact, gap-checked market data on one machine. Right, or loudly not."
EXAMPLES = (
    ("lf up", "start everything, with a synthetic market"),
    ("lf up -d --source coinbase-advanced", "live, in the background"),
    ("lf status --json", "how it goes, for scripts"),
)
TOPICS = ("exit-codes", "errors", "environment", "config", "feeds", "conditions")
NAME_WIDTH = 10


def help_text() -> str:
    """Return the help of `lf`."""
    lines = [PURPOSE, "", "usage: lf COMMAND [OPTIONS]     lf COMMAND --help"]
    for panel in PANELS:
        entries = [entry for entry in COMMANDS if entry.panel == panel]
        lines += ["", panel, *(f"  {row.name:<{NAME_WIDTH}} {row.help}" for row in entries)]
    lines += ["", "Examples", *(f"  {command:<35}  {text}" for command, text in EXAMPLES)]
    lines += ["", f"Topics: lf help {'|'.join(TOPICS)}"]
    return "\n".join(lines)
