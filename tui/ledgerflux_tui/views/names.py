"""The views by name: what the command line takes and the registry of views is held to."""

from collections.abc import Sequence

VIEW_TITLES = {
    "overview": "Overview",
    "market": "Market",
    "shards": "Shards",
    "pipeline": "Pipeline",
    "replay": "Replay",
}
"""Every view there is, in the order of their keys."""
_ALIASES = {"live": "overview", "live view": "overview"}


def view_named(words: Sequence[str]) -> str | None:
    """Return the view that `words` name, the first one without any; None where there is none."""
    if not words:
        return next(iter(VIEW_TITLES))
    name = " ".join(words).casefold()
    name = _ALIASES.get(name, name.removesuffix(" view"))
    return name if name in VIEW_TITLES else None
