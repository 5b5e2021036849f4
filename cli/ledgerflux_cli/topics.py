"""What `lf help TOPIC` explains beside the commands."""

from collections.abc import Callable, Sequence
from textwrap import wrap
from typing import Any, NamedTuple

from ledgerflux_cli.columns import rows_of

WIDTH = 80


class Topic(NamedTuple):
    """One topic: its line in the list of topics, its text, its JSON document."""

    summary: str
    lines: Callable[[], list[str]]
    document: Callable[[], dict[str, Any]]


def _exit_lines() -> list[str]:
    from ledgerflux_cli.exit_codes import EXIT_CODES

    return [f"{code:>3}  {name:<12}  {when}" for code, name, when in EXIT_CODES]


def _exit_document() -> dict[str, Any]:
    from ledgerflux_cli.exit_codes import EXIT_CODES

    return {"schema": "lf.exit-codes/1", "exit_codes": [row._asdict() for row in EXIT_CODES]}


def _error_lines() -> list[str]:
    from ledgerflux_cli.error_table import SECTIONS

    lines = ["error[CODE]: what failed, why; the code is stable. Exit code, meaning, what to do:"]
    for title, rows in SECTIONS:
        table = [(row.code, str(row.exit_code), row.when, row.do) for row in rows]
        lines += ["", title, *rows_of(table)]
    return lines


def _error_document() -> dict[str, Any]:
    from ledgerflux_cli.error_table import ERRORS

    return {"schema": "lf.errors/1", "errors": [row._asdict() for row in ERRORS]}


def variables() -> list[tuple[str, str]]:
    """Return every variable that lf reads, and what for; those of flags first."""
    from ledgerflux_cli.tree import all_commands

    found: dict[str, tuple[str, list[str]]] = {}
    for command in all_commands():
        for flag in command["flags"]:
            if flag["env"]:
                users = found.setdefault(flag["env"], (flag["names"][0], []))[1]
                users.append(command["path"].partition(" ")[0])
    flags = [
        (name, f"{flag} of {_few(list(dict.fromkeys(users)))}")
        for name, (flag, users) in sorted(found.items())
    ]
    return [*flags, *OTHER_VARIABLES]


OTHER_VARIABLES = (
    ("LF_DEBUG", "1: a bug shows its traceback"),
    ("XDG_CONFIG_HOME", "where the user's settings file is; else ~/.config"),
    ("NO_COLOR", "set: no colours"),
    ("TERM", "dumb: nothing is drawn in place, no colours"),
    ("XDG_STATE_HOME", "where the data directory is by default; else ~/.local/state"),
)


def _few(names: Sequence[str]) -> str:
    return ", ".join(names[:3]) + (", ..." if len(names) > 3 else "")


def _environment_lines() -> list[str]:
    head = wrap("A flag wins over its variable. An empty variable is as good as none.", WIDTH)
    return [*head, "", *rows_of(variables())]


def _environment_document() -> dict[str, Any]:
    rows = [{"name": name, "what": what} for name, what in variables()]
    return {"schema": "lf.environment/1", "variables": rows}


def _setting_rows() -> list[tuple[str, str]]:
    from ledgerflux.settings.tree import Settings

    return [(key, field.description or "") for key, field in Settings.model_fields.items()]


def _config_lines() -> list[str]:
    text = (
        "A setting is typed as a flag, else stands in its variable LF_NAME, else in "
        "./ledgerflux.toml, else in the user's file (lf config path), else has its default. "
        "The files are flat TOML: shards = 2. Unknown keys are errors. "
        "lf config show --origin says what holds and why."
    )
    return [*wrap(text, WIDTH), "", *rows_of(_setting_rows())]


def _config_document() -> dict[str, Any]:
    rows = [{"key": key, "what": what} for key, what in _setting_rows()]
    return {"schema": "lf.settings/1", "settings": rows}


FEEDS = (
    ("synthetic[:RATE]", "a made market, RATE messages a second; no network; the default"),
    ("replay:FILE", "a recording, .jsonl or .jsonl.gz, at --speed, byte for byte"),
    ("coinbase-advanced", "live: level2 proved by numbers, trades, ticker; no key"),
    ("coinbase-exchange", "live: batched level2 without proof (unproven), matches, ticker"),
    ("auto", "coinbase-advanced where it answers in 3 s, else synthetic; says which"),
)
FEED_NOTE = (
    "Replay and synthetic market are served by the exchange role in a venue's own dialect, so "
    "they take the path of a live feed. `lf up --paused` holds them, `lf replay start` lets "
    "them run. Products are named as BTC-USD: --products A,B,C."
)


def _feed_lines() -> list[str]:
    return ["lf up --source SOURCE", "", *rows_of(FEEDS), "", *wrap(FEED_NOTE, WIDTH)]


def _feed_document() -> dict[str, Any]:
    rows = [{"source": source, "what": what} for source, what in FEEDS]
    return {"schema": "lf.feeds/1", "sources": rows}


def _condition_lines() -> list[str]:
    from ledgerflux_cli.conditions import CONDITIONS

    head = "lf wait --for CONDITION; exit 0 when it holds, 4 when --timeout is over"
    return [head, "", *rows_of(CONDITIONS)]


def _condition_document() -> dict[str, Any]:
    from ledgerflux_cli.conditions import CONDITIONS

    rows = [{"condition": form, "when": when} for form, when in CONDITIONS]
    return {"schema": "lf.conditions/1", "conditions": rows}


TOPICS = {
    "exit-codes": Topic("what a command ends with", _exit_lines, _exit_document),
    "errors": Topic("every error code and what to do", _error_lines, _error_document),
    "environment": Topic("the variables", _environment_lines, _environment_document),
    "config": Topic("settings, and where they come from", _config_lines, _config_document),
    "feeds": Topic("where market data comes from", _feed_lines, _feed_document),
    "conditions": Topic("what `lf wait` waits for", _condition_lines, _condition_document),
}
