"""What a subscription says of going on where another one ended."""

from collections.abc import Mapping
from typing import NamedTuple


class Resumption(NamedTuple):
    """By product: tokens of where it begins, whether nothing is missing, and how that came.

    `via` is `replay` (every message) or `snapshot` (the state), of what is `recovered`.
    """

    resume: Mapping[str, str] = {}
    recovered: Mapping[str, bool] = {}
    via: Mapping[str, str] = {}


NOTHING = Resumption()
