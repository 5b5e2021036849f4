"""How a deployment is told: its plan, and each step as it is taken."""

from typing import TYPE_CHECKING

from ledgerflux_cli.output import say, write, write_json

if TYPE_CHECKING:
    from collections.abc import Callable

    from ledgerflux.deploy.plan import Plan


def teller(*, as_json: bool) -> "Callable[[str, str], None]":
    """Return who prints the name of a step and a line about it; beside JSON on standard error."""
    to = say if as_json else write

    def tell(step: str, text: str) -> None:
        to(f"  {step:<10} {text}")

    return tell


def print_plan(plan: "Plan", *, as_json: bool) -> None:
    """Print what would be done."""
    from ledgerflux.deploy.plan import document, lines

    if as_json:
        write_json(document(plan))
    else:
        write("\n".join(lines(plan)))
