"""The collector of a role, in a process of its own: its settings are the process's."""

import subprocess
import sys

SCRIPT = """
import gc, weakref
from ledgerflux.adapters.collector import YOUNG_OBJECTS, calm_collector

class Ring: pass

calm_collector()
assert gc.get_threshold()[0] == YOUNG_OBJECTS
assert gc.get_freeze_count() > 1000
ring = Ring(); ring.itself = ring
seen = weakref.ref(ring)
del ring
held = [[] for _ in range(3 * YOUNG_OBJECTS)]
assert seen() is None
"""


def test_it_looks_less_often_and_still_finds_cycles():
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
