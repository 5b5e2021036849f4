"""What the shells complete, as one small document made from the tree of commands.

It is kept in `completion.json`, so that completing imports no command; `just docs` makes it
anew and a test compares.
"""

import json
from typing import Any

from ledgerflux.core.terms import INTERVAL_S
from ledgerflux.settings import DEFAULT_PRODUCTS
from ledgerflux_cli.conditions import CONDITIONS
from ledgerflux_cli.root_help import TOPICS
from ledgerflux_cli.tree import all_commands

CHANNELS = ("level2", "trades", "ticker", "status", "candles", "heartbeats", "system")
SOURCES = ("auto", "coinbase-advanced", "coinbase-exchange", "replay:", "synthetic", "synthetic:")
SHELLS = ("bash", "zsh", "fish")
UP_SERVICES = ("nats", "postgres", "exchange", "ingest", "normalize", "snapshot", "gateway")
PRODUCT, PRODUCTS, LOGGED, SERVICE = "@product", "@products", "@logged", "@service"
FILE, RECORDING, DIRECTORY, TOPIC = "@file", "@recording", "@directory", "@topic"
"""Values that are looked for while completing; anything else stands in the table."""

BY_METAVAR: dict[str, list[str]] = {
    "DIR": [DIRECTORY],
    "[DIR]": [DIRECTORY],
    "FILE": [FILE],
    "[FILE]": [FILE],
    "FILE|-": [FILE],
    "PRODUCT": [PRODUCT],
    "[PRODUCT]...": [PRODUCT],
    "ID,ID,...": [PRODUCTS],
    "N-each|ID,ID|all": [PRODUCTS],
    "SOURCE": list(SOURCES),
    "BAR": list(INTERVAL_S),
    "CHANNEL": list(CHANNELS),
    "CONDITION": [form.replace("=N", "=").replace("PRODUCT:N", "") for form, _ in CONDITIONS],
    "bash|zsh|fish": list(SHELLS),
    "[COMMAND|TOPIC]": [*TOPICS, TOPIC],
}
BY_PLACE: dict[tuple[str, str], list[str]] = {
    ("up", "[SERVICE]..."): list(UP_SERVICES),
    ("logs", "[SERVICE]..."): [LOGGED],
    ("restart", "SERVICE"): [SERVICE],
    ("replay speed", "SPEED"): ["0.1", "1", "10", "100", "max"],
    ("replay seek", "PLACE"): ["start", "end", "+10s", "-10s", "50%"],
    ("dlq ls", "ID"): [PRODUCT],
    ("recording info", "FILE"): [RECORDING],
    ("recording verify", "FILE"): [RECORDING],
    ("loadtest", "NAME"): ["basic", "load", "recovery", "performance"],
}


def table() -> str:
    """Return the document as it is kept."""
    made = {
        command["path"]: {
            "help": command["summary"],
            "commands": command["commands"],
            "flags": {
                name: None if flag["metavar"] is None else values_of(command["path"], flag)
                for flag in command["flags"]
                for name in flag["names"]
            },
            "arguments": [values_of(command["path"], row) for row in command["arguments"]],
            "many": any(row["many"] for row in command["arguments"]),
        }
        for command in all_commands()
    }
    document = {"commands": made, "products": DEFAULT_PRODUCTS}
    return json.dumps(document, indent=1) + "\n"


def values_of(path: str, row: dict[str, Any]) -> list[str]:
    """Return what a flag or an argument can be, as far as that is known."""
    metavar = row["metavar"]
    found = BY_PLACE.get((path, metavar)) or BY_METAVAR.get(metavar)
    return [word for word in metavar.split("|") if word.islower()] if found is None else found
