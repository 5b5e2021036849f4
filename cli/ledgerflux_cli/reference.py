"""The reference pages of commands and errors, made from the tree and the tables."""

from typing import Any

from ledgerflux_cli.error_table import SECTIONS
from ledgerflux_cli.exit_codes import EXIT_CODES
from ledgerflux_cli.topics import variables
from ledgerflux_cli.tree import all_commands

MADE = "Made from the code by `just docs`."


def commands_page() -> str:
    """Return docs/cli.md."""
    lines = [
        "# Commands",
        "",
        f"{MADE} `lf help --json` gives the same as data.",
        "`ro` changes nothing; `rw` starts, stops, changes or deletes something. Standard output",
        "is data, standard error is talk; errors: [errors.md](errors.md).",
    ]
    for command in all_commands():
        lines += ["", *_command(command)]
    lines += ["", "## Exit codes", "", "| code | name | when |", "| --- | --- | --- |"]
    lines += [f"| {code} | {name} | {_cell(when)} |" for code, name, when in EXIT_CODES]
    lines += ["", "## Variables", "", "| variable | what |", "| --- | --- |"]
    lines += [f"| `{name}` | {_cell(what)} |" for name, what in variables()]
    return "\n".join(lines) + "\n"


def errors_page() -> str:
    """Return docs/errors.md."""
    lines = [
        "# Errors",
        "",
        f"{MADE} `lf help errors` prints it.",
        "An error is one line `error[code]: what failed, why`, and what to try next. With `--json`",
        "it is one object on standard error:",
        "",
        "```json",
        '{"error": {"code": "not_running", "exit": 3, "message": "no stack runs in ...",',
        ' "next": ["lf up"], "retryable": false}}',
        "```",
    ]
    for title, rows in SECTIONS:
        lines += ["", f"## {title}", ""]
        lines += ["| code | exit | when | what to do |", "| --- | --- | --- | --- |"]
        for row in rows:
            lines += [f"| `{row.code}` | {row.exit_code} | {_cell(row.when)} | {_cell(row.do)} |"]
    return "\n".join(lines) + "\n"


def _command(command: dict[str, Any]) -> list[str]:
    codes = " ".join(map(str, command["exit_codes"]))
    lines = [f"## lf {command['path']}", "", command["help"], ""]
    if command["commands"]:
        names = ", ".join(f"`{command['path']} {name}`" for name in command["commands"])
        lines += [f"Commands: {names}.", ""]
    lines += [f"{command['impact']}; exit {codes}."]
    if command["examples"]:
        lines += ["", "```sh", *command["examples"], "```"]
    rows = [_argument_row(row) for row in command["arguments"]]
    rows += [_flag_row(row) for row in command["flags"]]
    if rows:
        lines += [
            "",
            "| argument | default | variable | what |",
            "| --- | --- | --- | --- |",
            *rows,
        ]
    return lines


def _argument_row(row: dict[str, Any]) -> str:
    needed = "needed" if row["required"] else ""
    return f"| `{_cell(row['metavar'])}` | {needed} | | {_cell(row['help'] or '')} |"


def _flag_row(row: dict[str, Any]) -> str:
    names = ", ".join(row["names"]) + (f" {row['metavar']}" if row["metavar"] else "")
    default = "needed" if row["required"] else _default(row["default"])
    variable = f"`{row['env']}`" if row["env"] else ""
    return f"| `{_cell(names)}` | {default} | {variable} | {_cell(row['help'] or '')} |"


def _default(value: object) -> str:
    return "" if value in (None, False, "") else f"`{value}`"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
