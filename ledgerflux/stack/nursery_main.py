"""The nursery: has every role imported, and forks one when its supervisor asks.

Run as `python -P -m ledgerflux.stack.nursery_main DATA_DIR`. One JSON order a line comes in on
standard input; what became of it goes out on standard output::

    ready         orders are taken from now on
    +PID          the child of the next order that was not answered yet
    !REASON       that order could not be carried out
    -PID CODE     a child ended; CODE is negative for a signal

At the end of input its children have `LEFT_S` to end, which the warden asks them to; when it
ends, or dies, the kernel ends those that are left. It has one thread and opens nothing before
it forks, so a child finds nothing half done.
"""

import ctypes
import gc
import importlib
import os
import selectors
import signal
import sys
import time
import traceback
from collections.abc import Iterable
from typing import NoReturn

import msgspec

from ledgerflux.stack import child

PRELOADED = (
    "uvloop",
    "ledgerflux.adapters.ws_listener",
    "ledgerflux.adapters.ws_feed",
    "ledgerflux.adapters.market_plans",
    "ledgerflux.adapters.state_file",
    "ledgerflux.adapters.postgres_store",
    "ledgerflux.roles.exchange",
    "ledgerflux.roles.ingest",
    "ledgerflux.roles.normalize",
    "ledgerflux.roles.snapshot",
    "ledgerflux.roles.gateway",
    "ledgerflux.telemetry.metrics",
)
"""What `stack.build` imports late, for one role or another."""
LEFT_S = 4.0
"""Longer than a warden takes."""
POLL_S = 0.1
READ_BYTES = 65_536
PR_SET_PDEATHSIG = 1
COMMAND_NAME_CHARS = 15
FILES_MAX = 64


class Order(msgspec.Struct, frozen=True):
    """A role to start: its arguments as `stack.child` takes them, and the file of its output."""

    arguments: list[str]
    log: str


def main() -> int:
    """Take orders until there are none and every child has ended; return 0."""
    for name in PRELOADED:
        importlib.import_module(name)
    gc.collect()
    gc.freeze()  # a collection in a child must not copy what it shares with the others
    children: set[int] = set()
    selector = selectors.DefaultSelector()
    orders, ends = sys.stdin.fileno(), _ends_of_children()
    selector.register(orders, selectors.EVENT_READ)
    selector.register(ends, selectors.EVENT_READ)
    _say("ready")
    rest, left_s = b"", None
    while left_s is None or (children and time.monotonic() < left_s):
        for key, _ in selector.select(None if left_s is None else POLL_S):
            piece = os.read(key.fd, READ_BYTES)
            if key.fd != orders:
                continue
            *lines, rest = (rest + piece).split(b"\n")
            children.update(_carry_out(lines))
            if not piece:
                selector.unregister(orders)
                left_s = time.monotonic() + LEFT_S
        _reap(children)
    return 0


def _ends_of_children() -> int:
    """Return a file that can be read whenever a child has ended."""
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
    return reading


def _carry_out(lines: Iterable[bytes]) -> Iterable[int]:
    """Start what each of `lines` orders; yield the children."""
    for line in lines:
        order = msgspec.json.decode(line, type=Order)
        nursery = os.getpid()
        try:
            pid = os.fork()
        except OSError as error:
            _say(f"!{error}")
            continue
        if pid == 0:
            _live(order, nursery)
        _say(f"+{pid}")
        yield pid


def _reap(children: set[int]) -> None:
    """Say who has ended."""
    while children:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if pid == 0:
            return
        children.discard(pid)
        _say(f"-{pid} {os.waitstatus_to_exitcode(status)}")


def _say(line: str) -> None:
    try:
        os.write(1, f"{line}\n".encode())
    except BrokenPipeError:
        return  # the supervisor is gone; its end of the orders says so too


def _live(order: Order, nursery: int) -> NoReturn:
    """Be the role."""
    code = 1
    try:
        _settle_in(order, nursery)
        code = child.main()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    except BaseException:  # noqa: BLE001 - nothing of the nursery may run in a child
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _settle_in(order: Order, nursery: int) -> None:
    """Take over nothing of the nursery but its modules."""
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.setsid()
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != nursery:  # it died before it could be said what then
        sys.exit(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    output = os.open(order.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    for source, target in ((nothing, 0), (output, 1), (output, 2)):
        os.dup2(source, target)
    os.closerange(3, FILES_MAX)
    sys.argv = ["ledgerflux.stack.child", *order.arguments]
    with open("/proc/self/comm", "w", encoding="ascii") as name:  # noqa: PTH123
        name.write(f"lf {order.arguments[0]}"[:COMMAND_NAME_CHARS])


if __name__ == "__main__":
    sys.exit(main())
