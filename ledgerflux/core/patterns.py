"""Which products a request names: exact ids, and patterns in which `*` is any text."""

import re
from collections.abc import Collection, Container, Iterable, Sequence
from typing import NamedTuple

EVERYTHING = "*"
_SAFE = re.compile(r"[A-Z0-9*-]{1,64}")


class Chosen(NamedTuple):
    """What a request names; `products` are the exact ids and all that a pattern matches.

    Everything stands there once, in the order asked for; `idle` patterns match nothing yet.
    """

    products: tuple[str, ...]
    exact: tuple[str, ...]
    patterns: tuple[str, ...]
    idle: tuple[str, ...]


def is_pattern(text: str) -> bool:
    """Say whether `text` stands for any number of products."""
    return EVERYTHING in text


def is_safe(text: str) -> bool:
    """Say whether a pattern holds only what can be in an id, and `*`."""
    return _SAFE.fullmatch(text) is not None


def matches(pattern: str, product: str) -> bool:
    """Say whether all of `product` fits `pattern`; takes time in proportion to their lengths."""
    first, *others = pattern.split(EVERYTHING)
    if not others:
        return pattern == product
    if not product.startswith(first):
        return False
    at = len(first)
    for piece in others[:-1]:
        found = product.find(piece, at)
        if found < 0:
            return False
        at = found + len(piece)
    return len(product) - at >= len(others[-1]) and product.endswith(others[-1])


def choose(asked: Sequence[str], served: Iterable[str]) -> Chosen:
    """Return what `asked` names of the products `served`."""
    known = list(served)
    products: dict[str, None] = {}
    exact: dict[str, None] = {}
    patterns: dict[str, bool] = {}
    for text in asked:
        if is_pattern(text):
            found = [product for product in known if matches(text, product)]
            patterns[text] = bool(found)
            products.update(dict.fromkeys(found))
        else:
            exact[text] = products[text] = None
    idle = tuple(pattern for pattern, found in patterns.items() if not found)
    return Chosen(tuple(products), tuple(exact), tuple(patterns), idle)


def names(asked: Collection[str] | None, product: str) -> bool:
    """Say whether `product` is one of those asked for; None asks for all."""
    if asked is None or product in asked:
        return True
    return any(matches(text, product) for text in asked if is_pattern(text))


def warnings(chosen: Chosen, held: Container[str]) -> list[str]:
    """Return what is odd, though granted, about a request of who follows `held` already."""
    told = [f'no product matches "{pattern}" yet' for pattern in chosen.idle]
    matched = (product for product in chosen.products if product not in chosen.exact)
    return told + [f"{product} is subscribed already" for product in matched if product in held]
