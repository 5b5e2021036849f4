"""A plan: what would be done, in order, as data and as lines of a shell."""

import shlex
from typing import Any, NamedTuple

SCHEMA = "lf.plan/1"


class Step(NamedTuple):
    """One step.

    Attributes:
        name: One word for it.
        what: What it does, in one line.
        commands: The programs it runs, with their arguments, in order.
        skipped: Why nothing is to be done; empty where something is.
    """

    name: str
    what: str
    commands: tuple[tuple[str, ...], ...] = ()
    skipped: str = ""


class Plan(NamedTuple):
    """All steps towards `target`; `rendered` is the file of what would be applied."""

    target: str
    steps: tuple[Step, ...]
    rendered: str | None = None


def document(plan: Plan) -> dict[str, Any]:
    """Return `lf.plan/1`."""
    return {
        "schema": SCHEMA,
        "target": plan.target,
        "rendered": plan.rendered,
        "steps": [
            {
                "n": number,
                "name": step.name,
                "what": step.what,
                "commands": [list(command) for command in step.commands],
                "skipped": step.skipped or None,
            }
            for number, step in enumerate(plan.steps, 1)
        ],
    }


def lines(plan: Plan) -> list[str]:
    """Return the plan for people: numbered steps, and under each the commands as typed."""
    told = []
    for number, step in enumerate(plan.steps, 1):
        skipped = f" (nothing to do: {step.skipped})" if step.skipped else ""
        told.append(f"{number}. {step.name}: {step.what}{skipped}")
        if not step.skipped:
            told += [f"   {shlex.join(command)}" for command in step.commands]
    if plan.rendered is not None:
        told.append(f"rendered: {plan.rendered}")
    return told
