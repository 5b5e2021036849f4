"""`lf up` on this machine: start a stack, or say that the one asked for runs already."""

import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import typer

from ledgerflux.errors import Conflict, LedgerFluxError, StackError
from ledgerflux_cli.output import forget_output, say, write, write_json
from ledgerflux_cli.progress import Progress, up_document

if TYPE_CHECKING:
    from ledgerflux.settings import UpRequest
    from ledgerflux.stack.events import Event
    from ledgerflux.stack.run_dir import RunDir, RunState

POLL_S = 0.1


def start_here(
    run_dir: "RunDir", asked: "UpRequest", timeout_s: float, *, detach: bool, as_json: bool
) -> None:
    """Start what is `asked` in `run_dir`, or report on the stack that holds it.

    Raises:
        Conflict: Another stack holds the directory.
        StackError: It can't be started.
    """
    if run_dir.holder() is None:
        start = _in_background if detach else _in_foreground
        try:
            return start(run_dir, asked, timeout_s, as_json=as_json)
        except StackError as error:
            # Somebody else was faster.
            if error.code != Conflict.code:
                raise
    return _join(run_dir, asked, timeout_s, as_json=as_json)


def _in_background(
    run_dir: "RunDir", asked: "UpRequest", timeout_s: float, *, as_json: bool
) -> None:
    from ledgerflux.stack.up import start_in_background

    progress = Progress(asked, to=say if as_json else write, stop_hint="lf down")
    state = start_in_background(asked, run_dir, wait_timeout_s=timeout_s, tell=progress.tell)
    if as_json:
        write_json(up_document(state))


def _in_foreground(
    run_dir: "RunDir", asked: "UpRequest", timeout_s: float, *, as_json: bool
) -> None:
    from ledgerflux.stack.events import Stopping
    from ledgerflux.stack.up import run_stack
    from ledgerflux_cli.live import Live

    live = Live(sys.stdout)
    progress = Progress(asked, to=say if as_json else write, stop_hint="Ctrl-C", live=live)

    readers = _Readers()

    def tell(event: "Event") -> None:
        readers.stopping |= isinstance(event, Stopping)
        with readers.watched():
            progress.tell(event)

    async def while_up(state: "RunState") -> None:
        with readers.watched():
            if as_json:
                write_json(up_document(state))
            else:
                await live.run(state)

    code = run_stack(asked, run_dir, wait_timeout_s=timeout_s, tell=tell, while_up=while_up)
    raise typer.Exit(code)


class _Readers:
    """Whoever reads our output: when they are gone, the stack of this process stops."""

    def __init__(self) -> None:
        self.stopping = False

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Take a closed pipe or terminal for the wish to stop, unless that is under way."""
        try:
            yield
        except* OSError:
            forget_output()
            if not self.stopping:
                os.kill(os.getpid(), signal.SIGTERM)


def _join(run_dir: "RunDir", asked: "UpRequest", timeout_s: float, *, as_json: bool) -> None:
    """Report on the stack that holds the directory, if it is the one asked for.

    Raises:
        Conflict: It is another one, or it is not well.
    """
    from ledgerflux.stack.status import problems_of

    state = _wait_started(run_dir, timeout_s)
    problems = [] if state is None else _differences(state, asked)
    if state is not None and not problems:
        problems = [text for text in problems_of(state) if "gateway" not in text]
    if state is None or problems:
        reasons = "".join(f"\n    {text}" for text in problems)
        raise Conflict(
            f"a stack runs in {run_dir.path} already (pid {run_dir.holder()}):{reasons}",
            try_next=["lf status", "lf down", "lf up --data-dir ANOTHER_DIR"],
        )
    if as_json:
        write_json(up_document(state))
        return
    _print_status(run_dir)


def _wait_started(run_dir: "RunDir", timeout_s: float) -> "RunState | None":
    """Return the state of a stack that somebody else is starting, once it has started.

    Raises:
        StackError: It ended instead.
    """
    deadline = time.monotonic() + timeout_s
    state = run_dir.read()
    while (state is None or state.state == "starting") and time.monotonic() < deadline:
        if run_dir.holder() is None:
            raise StackError(f"the stack that was starting in {run_dir.path} has ended")
        time.sleep(POLL_S)
        state = run_dir.read()
    return state


def _differences(state: "RunState", asked: "UpRequest") -> list[str]:
    from ledgerflux.stack.requests import differences

    return differences(state.request, asked)


def _print_status(run_dir: "RunDir") -> None:
    from ledgerflux_cli.commands.status import print_status
    from ledgerflux_cli.find_status import find_status
    from ledgerflux_cli.gateway_http import NOT_LET_IN

    write("already up, nothing was started")
    try:
        document: dict[str, Any] = find_status(run_dir.path, None)
    except LedgerFluxError as error:
        if error.code not in NOT_LET_IN:
            raise
        say("its gateway wants an API key: lf status --token-file FILE")
        return
    print_status(document)
