"""Python's cycle collector, told what kind of process this is."""

import gc

YOUNG_OBJECTS = 20_000


def calm_collector() -> None:
    """Look for cycles less often, and never among what is there now.

    A role makes thousands of short-lived containers a second and hardly a cycle; by default
    the collector looks every 700, and every so often at all the levels of all the books.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS)
