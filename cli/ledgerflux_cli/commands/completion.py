"""`lf completion`."""

import sys
from typing import Annotated

import typer

from ledgerflux.errors import ConfigError
from ledgerflux_cli.close_match import none_of
from ledgerflux_cli.completion_scripts import SCRIPTS
from ledgerflux_cli.examples import examples


@examples(
    "source <(lf completion bash)",
    "source <(lf completion zsh)",
    "lf completion fish | source",
)
def completion(
    shell: Annotated[str, typer.Argument(metavar="bash|zsh|fish", help="Which shell.")],
) -> None:
    """Print the script that completes commands, flags and values in a shell.

    Put the line for your shell into its start file: ~/.bashrc, ~/.zshrc or
    ~/.config/fish/config.fish. Values complete too: products, services with a log,
    conditions, sources, recordings.
    """
    if shell not in SCRIPTS:
        raise ConfigError(none_of("SHELL", shell, list(SCRIPTS)), code="bad_argument")
    sys.stdout.write(SCRIPTS[shell])
