"""What all rows of the contest share: how much is done, what is sent, and who is there."""

import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

from ledgerflux.bench.gateway.contenders import CONTENDERS, Contender, Load, missing
from ledgerflux.bench.gateway.messages import NARROW, templates
from ledgerflux.bench.gateway.running import Running, running
from ledgerflux.bench.lab import reason_of
from ledgerflux.errors import LedgerFluxError, StackError

MARGIN_CLIENTS = 100


class Plan(NamedTuple):
    """How much is done: `seconds` of ticks in each measurement, and clients in each row."""

    seconds: float
    clients: int = 500
    crowd: int = 4_000
    idle: int = 1_000
    stalled_of: int = 50
    storm: int = 1_000
    chaos_messages: int = 10_000_000
    rounds: int = 5
    contenders: Sequence[str] = tuple(CONTENDERS)


class Pace(NamedTuple):
    """Messages a tick, and the tick."""

    messages: int
    tick_ms: int

    def ticks(self, seconds: float) -> int:
        """Return the ticks of `seconds`, at least one."""
        return max(1, round(seconds * 1000 / self.tick_ms))

    @property
    def told(self) -> str:
        """Return it in words."""
        what = "message" if self.messages == 1 else "messages"
        return f"{self.messages} {what} a {self.tick_ms} ms tick"


TEN = Pace(10, 100)
ONE = Pace(1, 50)
"""So slow that no server is tempted to write two messages together."""


class Arena:
    """Starts servers; `missing` says of each why it takes no part, empty where it does."""

    def __init__(self, plan: Plan, folder: Path, *, install: bool) -> None:
        self.plan = plan
        self.missing = {
            name: missing(contender, install=install) if name in plan.contenders else "left out"
            for name, contender in CONTENDERS.items()
        }
        self._folder = folder

    def load(self, changes: int) -> Load:
        """Return what is sent, in a file."""
        path = self._folder / f"messages-{changes}.json"
        if not path.exists():
            path.write_bytes(templates(changes, time.time_ns()))
        return Load(
            path,
            changes,
            max(self.plan.clients, self.plan.crowd, self.plan.idle, self.plan.storm)
            + MARGIN_CLIENTS,
        )

    @contextmanager
    def up(self, names: Sequence[str], changes: int = NARROW) -> Iterator[dict[str, Running]]:
        """Hold those of `names` up that can be; who can't start is missing from then on."""
        with ExitStack() as held:
            servers: dict[str, Running] = {}
            for name in names:
                if not self.missing[name]:
                    self._start(CONTENDERS[name], changes, servers, held)
            yield servers

    @contextmanager
    def hold(self, contender: Contender, changes: int = NARROW) -> Iterator[Running]:
        """Hold one server up, fresh.

        Raises:
            StackError: It is missing, or did not start.
        """
        if why := self.missing[contender.name]:
            raise StackError(why.removeprefix("not measured: "))
        with running(contender, self.load(changes)) as server:
            yield server

    def _start(
        self, contender: Contender, changes: int, servers: dict[str, Running], held: ExitStack
    ) -> None:
        try:
            server = held.enter_context(running(contender, self.load(changes)))
        except LedgerFluxError as error:
            self.missing[contender.name] = reason_of(error)
        else:
            servers[contender.name] = server
