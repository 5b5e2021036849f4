import asyncio

from ledgerflux.adapters.system_clock import SystemClock
from ledgerflux.core.client_session import ClientSession
from ledgerflux.core.cohort import Cohort
from ledgerflux.core.limits import Limits
from ledgerflux.roles.gateway_flush import SLICE, CohortWriter, Flusher
from ledgerflux.wire import gateway_frames


class Client:
    """Writes to `clients`; what happens to it is noted in `log`."""

    def __init__(self, flusher, again=0, clients=1, log=None):
        self.flusher = flusher
        self.again = again
        self.clients = clients
        self.log = [] if log is None else log
        self.flushed = 0
        self.settled = 0

    def flush(self):
        self.flushed += 1
        self.log.append((self, "flush"))
        if self.again:
            self.again -= 1
            self.flusher.add(self)
        return self.clients

    def settle(self):
        self.settled += 1
        self.log.append((self, "settle"))


class Socket:
    """Takes what is written, or not."""

    def __init__(self, takes=True):
        self.takes = takes
        self.written = []

    def write(self, batch):
        if self.takes:
            self.written.append(batch)
        return self.takes


def cohort_of(sockets):
    """Return a cohort and its sessions, by whose sockets it is written."""
    cohort = Cohort((frozenset(), frozenset()), 1000, lambda _: None, lambda *_: None)
    clients = {}
    for socket in sockets:
        session = ClientSession(gateway_frames, Limits(), 0, lambda: None)
        cohort.add(session)
        clients[session] = socket.write
    return cohort, clients


async def until(condition):
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0)


async def test_clients_are_flushed_once_for_each_time_they_were_added():
    flusher = Flusher(SystemClock())
    clients = [Client(flusher) for _ in range(2 * SLICE + 3)]
    for client in clients:
        flusher.add(client)
    await until(lambda: all(client.flushed for client in clients))
    await asyncio.sleep(0.05)
    assert {(client.flushed, client.settled) for client in clients} == {(1, 1)}


async def test_one_with_more_to_write_is_flushed_again():
    flusher = Flusher(SystemClock())
    client = Client(flusher, again=3)
    flusher.add(client)
    await until(lambda: client.flushed == 4)


async def test_a_flush_that_was_forced_is_not_made_again():
    flusher = Flusher(SystemClock())
    client = Client(flusher)
    flusher.add(client)
    flusher.flush()
    assert client.flushed == 1
    await asyncio.sleep(0.05)
    assert client.flushed == 1


async def test_who_is_settled_finds_that_all_of_its_flush_have_written():
    log = []
    flusher = Flusher(SystemClock())
    for _ in range(3):
        flusher.add(Client(flusher, log=log))
    flusher.flush()
    assert [what for _, what in log] == ["flush"] * 3 + ["settle"] * 3


async def test_after_a_slice_of_clients_others_have_a_turn():
    flusher = Flusher(SystemClock())
    counts = (SLICE - 1, 1, SLICE + 1, 0, 1)
    due = [Client(flusher, clients=count) for count in counts]
    for client in due:
        flusher.add(client)
    seen = []

    def all_done():
        done = [client.settled for client in due if client.flushed]
        assert all(done)
        if len(done) not in seen:
            seen.append(len(done))
        return len(done) == len(due)

    await until(all_done)
    assert seen == [0, 2, 3, 5]


async def test_what_is_added_meanwhile_comes_after_those_who_were_left():
    flusher, log = Flusher(SystemClock()), []
    again, left = (Client(flusher, more, SLICE, log) for more in (1, 0))
    for client in (again, left):
        flusher.add(client)
    await until(lambda: again.settled == 2)
    assert [client for client, what in log if what == "flush"] == [again, left, again]


def test_a_cohort_is_written_one_batch():
    sockets = [Socket() for _ in range(3)]
    cohort, clients = cohort_of(sockets)
    cohort.beat(b"one")
    cohort.beat(b"two")
    writer = CohortWriter(cohort, clients)
    assert writer.flush() == 3
    writer.settle()
    [batch] = sockets[0].written
    assert batch.messages == [b"one", b"two"]
    assert all(socket.written == [batch] for socket in sockets)
    assert not any(session.has_more for session in clients)
    assert len(cohort.members) == 3


def test_who_does_not_take_a_batch_goes_on_alone_with_its_messages():
    sockets = [Socket(), Socket(takes=False), Socket(), Socket(takes=False)]
    cohort, clients = cohort_of(sockets)
    cohort.beat(b"one")
    cohort.beat(b"two")
    assert CohortWriter(cohort, clients).flush() == 4
    first, stuck, last, stuck_too = clients
    assert list(cohort.members) == [first, last]
    assert [session.take(1000) for session in clients] == [[], [b"one", b"two"]] * 2
    assert stuck.cohort is stuck_too.cohort is None
    assert [len(socket.written) for socket in sockets] == [1, 0, 1, 0]
    cohort.beat(b"three")
    assert CohortWriter(cohort, clients).flush() == 2
    assert not stuck.has_more


def test_a_cohort_with_nothing_queued_or_nobody_left_writes_nothing():
    sockets = [Socket(), Socket()]
    cohort, clients = cohort_of(sockets)
    writer = CohortWriter(cohort, clients)
    assert writer.flush() == 2
    cohort.beat(b"one")
    cohort.dissolve()
    assert writer.flush() == 0
    assert [socket.written for socket in sockets] == [[], []]
    assert [session.take(1000) for session in clients] == [[b"one"]] * 2


def test_who_joins_or_leaves_between_two_flushes_is_written_to_or_no_longer():
    sockets = [Socket() for _ in range(3)]
    cohort, clients = cohort_of(sockets[:2])
    later = ClientSession(gateway_frames, Limits(), 0, lambda: None)
    clients[later] = sockets[2].write
    cohort.beat(b"one")
    assert CohortWriter(cohort, clients).flush() == 2
    cohort.add(later)
    cohort.beat(b"two")
    assert CohortWriter(cohort, clients).flush() == 3
    cohort.release(next(iter(clients)))
    cohort.beat(b"three")
    assert CohortWriter(cohort, clients).flush() == 2
    told = [[batch.messages for batch in socket.written] for socket in sockets]
    assert told == [[[b"one"], [b"two"]], [[b"one"], [b"two"], [b"three"]], [[b"two"], [b"three"]]]
