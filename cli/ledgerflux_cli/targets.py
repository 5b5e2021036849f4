"""Where a command's stack runs: on this machine, or elsewhere."""

from typing import TYPE_CHECKING, Annotated

import typer

from ledgerflux.errors import ConfigError
from ledgerflux_cli.close_match import none_of

if TYPE_CHECKING:
    from ledgerflux.stack.run_dir import RunDir

LOCAL = "local"
MINIKUBE = "minikube"
TARGETS = (LOCAL, MINIKUBE)

Target = Annotated[
    str | None,
    typer.Option(
        "--target",
        envvar="LF_TARGET",
        metavar="|".join(TARGETS),
        help="Where the stack runs; default: where that of the data directory does.",
    ),
]


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
