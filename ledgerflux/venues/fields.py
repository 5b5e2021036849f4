"""Fields as they leave a parser: checked once, here, whatever the dialect.

The two caches below hold only what was checked; what a function returns never
depends on them.
"""

import re
from collections.abc import Sequence
from typing import Annotated

import msgspec

from ledgerflux.model.events import Change, Side, VenueError
from ledgerflux.model.product import is_product_id
from ledgerflux.model.units import NANOS_PER_S, is_decimal, parse_time_ns
from ledgerflux.venues.base import Refused

COUNT_MAX = 2**63 - 1
Count = Annotated[int, msgspec.Meta(ge=0, le=COUNT_MAX)]
"""A trade id or a sequence number: what fits a signed 64-bit integer."""
ShortText = Annotated[str, msgspec.Meta(max_length=24)]
"""A text that, if it is a number, is no longer than a plain decimal's whole part may be."""

TAKER_OF: dict[str, Side] = {"buy": "sell", "sell": "buy", "BUY": "sell", "SELL": "buy"}
"""The taker's side, where the venue names the maker's."""

TIME_NS_MIN = 86_400 * NANOS_PER_S
TIME_NS_MAX = COUNT_MAX - NANOS_PER_S
PRODUCTS_CACHED_MAX = 4096
SECONDS_KEPT = 64
"""Consecutive frames share one; old events come between new ones."""
MESSAGE_CHARS_MAX = 500
KIND_CHARS_MAX = 40

# A text ends at a bar; a bar inside a text would make one more than there are texts.
# Possessive: digits, point and bar exclude each other, so nothing is ever tried twice.
_DECIMALS = re.compile(r"(?:-?+[0-9]{1,24}+(?:\.[0-9]{1,24}+)?+\|)*+", re.ASCII)
_is_pair = re.compile(
    r"-?+[0-9]{1,24}+(?:\.[0-9]{1,24}+)?+\|-?+[0-9]{1,24}+(?:\.[0-9]{1,24}+)?+", re.ASCII
).fullmatch
_COUNT = re.compile(r"[0-9]{1,19}", re.ASCII)
_WORD = re.compile(r"[A-Z0-9-]+", re.ASCII)
_FRACTION_NS = {digits: 10 ** (9 - digits) for digits in range(1, 10)}
_CODES = (
    ("slow_consumer", ("slowconsume", "slowread", "slow consume", "slow read", "backed up")),
    ("rate_limited", ("rate limit", "too many", "exceeded")),
    ("auth_required", ("auth", "api key", "jwt", "signature", "permission")),
    ("unknown_product", ("valid product", "unknown product", "product not found", "product_id")),
)

_numbers = msgspec.json.Decoder(list[float]).decode

_products: dict[str, str] = {}
_seconds: dict[str, int] = {}


def are_plain(joined: str, count: int) -> bool:
    """Say whether `joined` is `count` plain decimals, none with a zero too many in front.

    They are joined by commas. JSON takes the same for a number, but for exponents and spaces:
    its decoder looks at all of them in a third of the time of `check_decimals`. False proves
    nothing, and the caller answers for their length.
    """
    if "e" in joined or "E" in joined or " " in joined:
        return False
    try:
        return len(_numbers(f"[{joined}]")) == count
    except msgspec.DecodeError:
        return False


def check_decimals(texts: Sequence[str]) -> None:
    """Refuse unless every one of `texts` is a plain decimal (`model.units.is_decimal`).

    Raises:
        Refused: `number`, with the first text that is none.
    """
    joined = "|".join(texts) + "|" if texts else ""
    if _DECIMALS.fullmatch(joined) is None or joined.count("|") != len(texts):
        bad = next(text for text in texts if not is_decimal(text))
        raise Refused("number", f"no plain decimal: {bad[:80]!r:.120}")


def check_changes(changes: Sequence[Change]) -> None:
    """Refuse unless price and size of every change are plain decimals.

    Raises:
        Refused: `number`.
    """
    if len(changes) == 1:  # nine frames of ten
        [(_, price, size)] = changes
        if _is_pair(f"{price}|{size}") is not None:
            return
    check_decimals([text for change in changes for text in change[1:]])


def check_given(*texts: str | None) -> None:
    """Refuse unless every text that was given is a plain decimal; None passes.

    Raises:
        Refused: `number`.
    """
    check_decimals([text for text in texts if text is not None])


def product_id(text: str) -> str:
    """Return the product id `text`, the same object for the same id.

    Raises:
        Refused: `subject`, where `text` may not name a product.
    """
    try:
        return _products[text]
    except KeyError:
        pass
    if not is_product_id(text):
        raise Refused("subject", f"no product id: {text[:80]!r:.120}")
    if len(_products) < PRODUCTS_CACHED_MAX:
        _products[text] = text
    return text


def product_ids(channel: str, texts: Sequence[str]) -> list[str]:
    """Return the product ids of a subscription of `channel`.

    A channel without products may list its own name instead
    (`"heartbeats": ["heartbeats"]`, Advanced Trade); that is left out.

    Raises:
        Refused: `subject`.
    """
    return [product_id(text) for text in texts if text != channel]


def count(value: int | str) -> int:
    """Return a trade id or counter that a venue writes as number or as digits.

    Raises:
        Refused: `number`, outside 0 to `COUNT_MAX`.
    """
    if isinstance(value, str):
        value = int(value) if _COUNT.fullmatch(value) else -1
    if not 0 <= value <= COUNT_MAX:
        raise Refused("number", "no count")
    return value


def time_ns(text: str | None) -> int | None:
    """Return nanoseconds since 1970 UTC of a venue's time, None where it says nothing.

    None too for text that is no time, and for times outside 1970-01-02 to 2262: year 1
    and 1970-01-01 are how the venues write "unknown".
    """
    if text is None:
        return None
    second_ns = _seconds.get(text[:20])
    if second_ns is not None and text[-1] == "Z":
        fraction = text[20:-1]
        if fraction.isdecimal() and fraction.isascii():
            unit_ns = _FRACTION_NS.get(len(fraction))
            return None if unit_ns is None else second_ns + int(fraction) * unit_ns
    value = parse_time_ns(text)
    if value is None or not TIME_NS_MIN <= value <= TIME_NS_MAX:
        return None
    if text[19:20] == "." and text[-1] == "Z":
        if len(_seconds) >= SECONDS_KEPT:
            _seconds.clear()
        _seconds[text[:20]] = value - value % NANOS_PER_S
    return value


def venue_error(message: str | None, reason: str | None) -> VenueError:
    """Return what the venue complains of: its prose, cut, and the code that it stands for."""
    prose = ": ".join(part for part in (message, reason) if part)[:MESSAGE_CHARS_MAX]
    code = _error_code(prose.lower())
    named = None
    if code == "unknown_product":
        named = next(filter(is_product_id, _WORD.findall(prose)), None)
    return VenueError(code, prose, named)


def _error_code(prose: str) -> str:
    for code, signs in _CODES:
        if any(sign in prose for sign in signs):
            return code
    return "venue_error"
