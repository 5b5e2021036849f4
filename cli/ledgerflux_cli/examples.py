"""Examples at the end of a command's help, each on a line of its own."""

from collections.abc import Callable
from inspect import cleandoc
from typing import TypeVar

Command = TypeVar("Command", bound=Callable[..., object])

_HEAD = "Examples:"
_AS_IT_STANDS = "\b"
"""At the head of a paragraph, the framework leaves its lines as they are."""


def examples(*lines: str) -> Callable[[Command], Command]:
    """Add `lines` to the help of the command below."""

    def add(command: Command) -> Command:
        text = "\n".join((_HEAD, *(f"  {line}" for line in lines)))
        command.__doc__ = f"{cleandoc(command.__doc__ or '')}\n\n{_AS_IT_STANDS}\n{text}"
        return command

    return add


def split_examples(text: str) -> tuple[str, list[str]]:
    """Return the help `text` of a command without its examples, and those."""
    before, _, after = text.partition(f"{_AS_IT_STANDS}\n{_HEAD}\n")
    return before.strip(), [line.strip() for line in after.splitlines() if line.strip()]
