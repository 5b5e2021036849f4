"""Chaos: clients are cut off and stop reading, a gateway is killed; an oracle sees what is lost."""

import time
from collections.abc import Iterator, Mapping
from random import Random

from ledgerflux.bench.evaluate import Measured
from ledgerflux.bench.gateway.arena import Arena, Pace, Plan
from ledgerflux.bench.gateway.chaos_figures import Chaos, chaos_figures
from ledgerflux.bench.gateway.contenders import TWO
from ledgerflux.bench.gateway.following import Ours
from ledgerflux.bench.gateway.messages import EPOCH, FIRST_SEQ, NARROW, PRODUCTS
from ledgerflux.bench.gateway.returning import Member, Returners
from ledgerflux.bench.gateway.running import Running
from ledgerflux.bench.gateway.sink import STALLED_BYTES
from ledgerflux.bench.gateway.truth import Truth
from ledgerflux.bench.gateway.turns import allow_sockets
from ledgerflux.errors import StackError

PACE = Pace(10, 20)
SPARE = 1.15
"""More than the messages wanted: some are told as lost."""
LIMIT = 12
"""So many times the duration of a measurement it may take."""
EVERY_S = 0.1
CUT_SHARE = 0.005
"""Of the clients, cut off each time."""
BACK_S_MAX = 1.0
SLEEPERS_SHARE = 0.05
"""Of the clients, who stop reading and go on."""
SLEEP_S = 5.0, 20.0
AWAKE_S_MAX = 5.0
DRAIN_S = 30.0
SEED = 12


def chaos(arena: Arena) -> Iterator[Measured]:
    """Measure what clients miss that nobody told them of.

    Raises:
        StackError: Ours can't be measured.
    """
    plan = arena.plan
    allow_sockets(plan.clients)
    ticks = ticks_of(plan)
    truth = Truth(NARROW)
    with (
        arena.hold(TWO) as server,
        Returners(Ours(EPOCH), truth.judge) as crowd,
    ):
        trouble = Trouble(crowd, server, plan.clients)
        begin_s = time.monotonic()
        trouble.run(ticks)
        seconds = time.monotonic() - begin_s
    heads = dict.fromkeys(PRODUCTS, FIRST_SEQ + ticks)
    found = Chaos.of([member.chain for member in trouble.members], heads)
    words = (
        f"{plan.clients} clients, {PACE.told}, {seconds:.0f} s; {trouble.told}; "
        f"{truth.judged:,} times a message beside what was written"
    )
    yield from chaos_figures(found, truth.wrong, words)


def ticks_of(plan: Plan) -> int:
    """Return the ticks that bring the messages wanted, or as many as there is time for."""
    wanted = SPARE * plan.chaos_messages / (PACE.messages * plan.clients)
    return max(1, min(round(wanted), PACE.ticks(LIMIT * plan.seconds)))


class Trouble:
    """Makes trouble for clients of two gateways, while all they are told is read."""

    def __init__(self, crowd: Returners, server: Running, clients: int) -> None:
        self.members = [Member() for _ in range(clients)]
        self._crowd = crowd
        self._server = server
        self._random = Random(SEED)  # noqa: S311 - whom it hits is no secret
        self._ports = [server.port, *server.spares]
        self._out: dict[Member, float] = {}
        self._sleepers = dict.fromkeys(self.members[: round(SLEEPERS_SHARE * clients)], 0.0)
        self._asleep: set[Member] = set()
        self._cuts = self._stalls = self._ended = 0

    @property
    def told(self) -> str:
        """Return what was done, in words."""
        return (
            f"{self._cuts} connections cut, {self._stalls} readers stalled for "
            f"{SLEEP_S[0]:g} to {SLEEP_S[1]:g} s, {self._ended} ended by a gateway, "
            "one of two gateways killed in the middle"
        )

    def run(self, ticks: int) -> None:
        """Let `ticks` go by in trouble, then let everybody come to the end."""
        crowd, server = self._crowd, self._server
        for number, port in enumerate(self._ports):
            crowd.connect(self.members[number :: len(self._ports)], port)
        begin_s = time.monotonic()
        for member in self._sleepers:
            self._sleepers[member] = begin_s + self._random.uniform(0, AWAKE_S_MAX)
        server.go(*PACE, ticks)
        middle_s = begin_s + ticks * PACE.tick_ms / 2000
        deadline_s = begin_s + 3 * ticks * PACE.tick_ms / 1000 + DRAIN_S
        while not server.done() and time.monotonic() < deadline_s:
            crowd.read_until(lambda: False, time.monotonic() + EVERY_S)
            if len(self._ports) > 1 and time.monotonic() > middle_s:
                del self._ports[0]
                server.kill()
            self._disturb(time.monotonic())
        self._settle(dict.fromkeys(PRODUCTS, FIRST_SEQ + ticks))

    def _disturb(self, now_s: float) -> None:
        self._bring_back(now_s)
        for member, due_s in self._sleepers.items():
            if member.socket is not None and now_s >= due_s:
                self._turn(member, now_s)
        for member in self._random.sample(
            self.members, max(1, round(CUT_SHARE * len(self.members)))
        ):
            if member.socket is not None and member not in self._asleep:
                self._cuts += 1
                self._crowd.drop([member])
                self._out[member] = now_s + self._random.uniform(0, BACK_S_MAX)

    def _turn(self, member: Member, now_s: float) -> None:
        """Let a sleeper sleep, or wake up."""
        wakes = member in self._asleep
        self._crowd.stall(member, reads=wakes)
        if wakes:
            self._asleep.discard(member)
        else:
            self._asleep.add(member)
            self._stalls += 1
        longest = (0.0, AWAKE_S_MAX) if wakes else SLEEP_S
        self._sleepers[member] = now_s + self._random.uniform(*longest)

    def _bring_back(self, now_s: float) -> None:
        """Let those come back whose time it is, also whom a gateway ended."""
        for member in self.members:
            if member.lost:
                member.lost = False
                self._ended += 1
                self._asleep.discard(member)
                self._out[member] = now_s + self._random.uniform(0, BACK_S_MAX)
        for member in [member for member, due_s in self._out.items() if due_s <= now_s]:
            del self._out[member]
            small = STALLED_BYTES if member in self._sleepers else 0
            try:
                self._crowd.dial(member, self._random.choice(self._ports), small)
            except StackError:
                self._out[member] = now_s + BACK_S_MAX

    def _settle(self, heads: Mapping[str, int]) -> None:
        """Read until everybody is at `heads`, or time is up."""
        crowd = self._crowd
        for member in self._asleep:
            crowd.stall(member, reads=True)
        self._asleep.clear()
        deadline_s = time.monotonic() + DRAIN_S

        def all_there() -> bool:
            self._bring_back(time.monotonic())
            return all(member.chain.reached(heads) for member in self.members)

        while not all_there() and time.monotonic() < deadline_s:
            crowd.read_until(lambda: False, time.monotonic() + EVERY_S)
