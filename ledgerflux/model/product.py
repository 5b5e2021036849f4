"""Products and the ids that may name them."""

import re

_PRODUCT_ID = re.compile(r"[A-Z0-9]{1,20}(?:-[A-Z0-9]{1,20}){1,3}", re.ASCII)


def is_product_id(text: object) -> bool:
    """Say whether `text` may name a product.

    An allow-list: nothing else ever reaches a subject, a file name or SQL text.
    """
    return isinstance(text, str) and _PRODUCT_ID.fullmatch(text) is not None
