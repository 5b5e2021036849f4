"""Where a command's stack runs: on this machine, or elsewhere."""

from typing import TYPE_CHECKING, Annotated

import typer

from ledgerflux.errors import ConfigError
from ledgerflux_cli.close_match import none_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from ledgerflux.stack.run_dir import RunDir

LOCAL = "local"
MINIKUBE = "minikube"
COMPOSE = "compose"
TARGETS = (LOCAL, COMPOSE, MINIKUBE)
OF_MINIKUBE = f"--target {MINIKUBE}"

Target = Annotated[
    str | None,
    typer.Option(
        "--target",
        envvar="LF_TARGET",
        metavar="|".join(TARGETS),
        help="Where the stack runs; default: where that of the data directory does.",
    ),
]


def refuse_others(
    context: typer.Context, target: str, known: "Collection[str]", place: str
) -> None:
    """Take only flags that mean something to a target; `place` is where the others are set.

    Raises:
        ConfigError: Another flag stands in the command line.
    """
    for name, flag in _typed(context):
        if name not in known:
            raise ConfigError(
                f"{flag} means nothing to --target {target}: there settings stand in {place}",
                code="bad_argument",
            )


def refuse_these(context: typer.Context, names: "Collection[str]", targets: str) -> None:
    """Take none of the flags `names`, which mean something to `targets` alone.

    Raises:
        ConfigError: One stands in the command line.
    """
    for name, flag in _typed(context):
        if name in names:
            raise ConfigError(f"{flag} means something to {targets} alone", code="bad_argument")


def _typed(context: typer.Context) -> "Iterator[tuple[str, str]]":
    """Yield the parameters that stand in the command line, and how they are written there."""
    for parameter in context.command.params:
        name = parameter.name or ""
        source = context.get_parameter_source(name)
        if source is not None and source.name == "COMMANDLINE":
            written = parameter.opts[0]
            yield name, written if written.startswith("-") else "SERVICE"


def target_of(run_dir: "RunDir", given: str | None) -> str:
    """Return the target that was given, else that of the stack which holds `run_dir`.

    Raises:
        ConfigError: There is no such target.
    """
    if given is None:
        state = run_dir.read()
        given = LOCAL if state is None else str(state.request.get("target", LOCAL))
    if given not in TARGETS:
        raise ConfigError(none_of("--target", given, TARGETS), code="bad_argument")
    return given
