"""What somebody meant who wrote something else."""

from collections.abc import Iterable, Sequence
from difflib import get_close_matches


def did_you_mean(text: str, known: Iterable[str]) -> str:
    """Return `: did you mean X?` for what is closest to `text`, nothing where all is far."""
    folded = {name.casefold(): name for name in known}
    found = get_close_matches(text.casefold(), folded, n=1, cutoff=0.6)
    return f": did you mean {folded[found[0]]}?" if found else ""


def none_of(what: str, text: str, known: Sequence[str]) -> str:
    """Return the line that refuses `text` as a `what`: what there is, and what was meant."""
    return f"{what}: {text!r} is none of {', '.join(known)}{did_you_mean(text, known)}"
