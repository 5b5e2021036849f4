"""Clients that come back from before what a gateway keeps: the rest is read from the log."""

import asyncio
import json
from contextlib import asynccontextmanager
from itertools import count

import pytest
from gateway_support import NormLog, RoleClient, followed, running, until

from ledgerflux.adapters.system_clock import SystemClock
from ledgerflux.core import log_replay
from ledgerflux.core.client_session import ClientSession
from ledgerflux.core.fanout import Fanout
from ledgerflux.core.limits import Limits
from ledgerflux.core.snapshot import Position
from ledgerflux.errors import BusError
from ledgerflux.roles import gateway_backlog
from ledgerflux.roles.gateway import Gateway
from ledgerflux.roles.gateway_backlog import Backlog
from ledgerflux.testing.memory_bus import MemoryBus
from ledgerflux.testing.memory_listener import MemoryListener
from ledgerflux.wire import gateway_frames
from ledgerflux.wire.gateway_reading import read_message
from ledgerflux.wire.subjects import NORM


class Stack:
    """A gateway that begins at the newest checkpoint: it keeps nothing from before it."""

    def __init__(self, bus) -> None:
        self.bus = bus
        self.task: asyncio.Task | None = None
        self.listener, identities = MemoryListener(), count(1)
        self.gateway = Gateway(
            bus.connect(),
            SystemClock(),
            self.listener,
            host="127.0.0.1",
            port=0,
            new_identity=lambda: f"d{next(identities)}",
            limits=Limits(),
        )

    async def client(self, **options) -> RoleClient:
        made = RoleClient(self.listener.connect("/v1/ws", **options))
        await made.next_of("welcome")
        return made

    def count(self, name: str) -> int:
        return self.gateway.vitals().counts[name]


@asynccontextmanager
async def fresh(bus):
    stack = Stack(bus)
    task = stack.task = asyncio.create_task(stack.gateway.run())
    await until(lambda: stack.gateway.vitals().state == "ready")
    try:
        yield stack
    finally:
        task.cancel()
        await asyncio.wait([task])


def told(client):
    """Return every message of trades as it came."""
    told = [m for m in client.messages if m.channel == "trades"]
    return [message.raw for message in told if message.type in ("trade", "gap")]


def seqs(client):
    told = [m for m in client.messages if m.channel == "trades" and m.type == "trade"]
    return [trade.seq for message in told for trade in message.trades()]


async def reach(client, channel, seq):
    while not any(m.channel == channel and seq in (m.seq, m.to_seq) for m in client.messages):
        await client.next()


async def trades(log, number):
    """Write `number` records: trades, one or two in each, now and then a hole in them."""
    for made in range(number):
        log.source.trade()
        if made % 3 == 0:
            log.source.trade()
        if made % 10 == 9:
            log.source.trades_missing()
        await log.write()


@asynccontextmanager
async def away(records=40, *, kind=trades):
    """Yield a log, a client that stayed, and a gateway that knows nothing from before its end."""
    async with running() as stack:
        log, stays = await followed(stack)
        await stays.subscribe("trades")
        log.source.trade()
        await log.write()
        await kind(log, records)
        await log.save()
        async with fresh(stack.bus) as other:
            yield log, stays, other


def place(seq, epoch="run1"):
    return {"BTC-USD": {"epoch": epoch, "seq": seq}}


async def test_a_gateway_that_has_just_started_sends_what_was_before_its_checkpoint():
    async with away() as (log, stays, other):
        comes = await other.client()
        answer = await comes.subscribe("trades", resume=place(1))
        assert (answer.recovered, answer.via) == ({"BTC-USD": True}, {"BTC-USD": "replay"})
        await trades(log, 5)
        last = log.source.seqs["trades"]
        await reach(comes, "trades", last)
        await reach(stays, "trades", last)
        assert told(comes) == told(stays)[1:]
        await until(lambda: other.count("resume_log_open") == 0)
        assert (other.count("resume_log"), other.count("resume_log_lost")) == (1, 0)
        assert other.count("resume_log_bytes") == 0


async def test_clients_from_many_places_are_each_told_their_own_rest():
    async with away() as (log, stays, other):
        last = log.source.seqs["trades"]
        await reach(stays, "trades", last)
        places = [read_message(raw) for raw in told(stays)]
        ends = [message.to_seq or message.seq for message in places][:-1]
        clients = [await other.client() for _ in ends]
        async with asyncio.TaskGroup() as group:
            for client, end in zip(clients, ends, strict=True):
                group.create_task(client.subscribe("trades", resume=place(end)))
        for number, client in enumerate(clients):
            await reach(client, "trades", last)
            assert told(client) == told(stays)[number + 1 :]
        assert other.count("resume_log") == len(ends)


async def test_one_that_reads_slowly_gets_it_in_slices_and_nobody_waits_for_it(monkeypatch):
    monkeypatch.setattr(log_replay, "REPLAY_BYTES_MAX", 400)
    async with away(60) as (log, stays, other):
        last = log.source.seqs["trades"]
        await reach(stays, "trades", last)
        slow, quick = await other.client(window_bytes=600), await other.client()
        await asks(slow, place(1))
        await quick.subscribe("trades", resume=place(1))
        await reach(quick, "trades", last)
        assert told(quick) == told(stays)[1:]
        assert other.count("resume_log_bytes") < 2000
        await reach(slow, "trades", last)
        assert told(slow) == told(stays)[1:]


async def test_one_that_is_sent_away_meanwhile_is_told_how_far_it_came(monkeypatch):
    monkeypatch.setattr(log_replay, "REPLAY_BYTES_MAX", 400)
    async with away(200) as (_, _, other):
        client = await other.client(window_bytes=2000)
        await asks(client, place(1))
        await until(lambda: other.count("resume_log_bytes"))
        await client.next_of("trade")
        other.task.cancel()
        goodbye = json.loads((await client.next_of("goodbye")).raw)
        tokens = goodbye["resume"]["trades"]
        assert list(tokens) == ["BTC-USD"]
        async with fresh(other.bus) as third:
            back = await third.client()
            answer = await back.subscribe("trades", resume=tokens)
            last = client.messages[-2]
            reached = last.to_seq if last.type == "gap" else last.seq
            assert answer.streams["BTC-USD"].seq == reached


async def asks(client, resume) -> None:
    """Subscribe without reading the answer."""
    params = {"channel": "trades", "product_ids": ["BTC-USD"], "resume": resume}
    await client.memory.ask(json.dumps({"method": "subscribe", "params": params, "req_id": 77}))


async def test_one_that_leaves_meanwhile_leaves_nothing_behind(monkeypatch):
    monkeypatch.setattr(log_replay, "REPLAY_BYTES_MAX", 400)
    async with away(200) as (_, _, other):
        client = await other.client(window_bytes=600)
        await asks(client, place(1))
        await until(lambda: other.count("resume_log_bytes"))
        await client.memory.leave()
        await until(lambda: other.count("resume_log_open") == 0)
        assert (other.count("resume_log_bytes"), other.count("resume_log_lost")) == (0, 0)


async def test_what_takes_too_long_ends_with_a_gap(monkeypatch):
    monkeypatch.setattr(log_replay, "REPLAY_BYTES_MAX", 400)
    monkeypatch.setattr(gateway_backlog, "REPLAY_S", -1)
    async with away(200) as (log, _, other):
        client = await other.client(window_bytes=600)
        await asks(client, place(1))
        await until(lambda: other.count("resume_log_lost") == 1)
        await reach(client, "trades", log.source.seqs["trades"])
        last = client.messages[-1]
        assert (last.type, last.cause) == ("gap", "resume")
        assert (other.count("resume_log_bytes"), other.count("resume_log_open")) == (0, 0)


@pytest.mark.parametrize("seq", [0, 3])
async def test_a_place_that_no_message_ended_at_is_not_found(seq):
    async def one_of_many(log, _):
        log.source.trade().trade().trade()
        await log.write()

    async with away(1, kind=one_of_many) as (log, _, other):
        client = await other.client()
        answer = await client.subscribe("trades", resume=place(seq))
        if seq:
            assert answer.recovered == {"BTC-USD": False}
            assert (await client.next_of("gap")).from_seq == seq + 1
            assert other.count("resume_log_lost") == 1
        else:
            await reach(client, "trades", log.source.seqs["trades"])
            assert seqs(client) == [1, 2, 3, 4]


async def test_where_the_bus_does_not_answer_it_is_told_as_not_recovered(monkeypatch):
    async def silent(*_):
        raise BusError("nobody answers")

    monkeypatch.setattr(gateway_backlog.StreamPlace, "find", silent)
    async with away() as (log, _, other):
        client = await other.client()
        answer = await client.subscribe("trades", resume=place(1))
        assert answer.recovered == {"BTC-USD": False}
        assert (await client.next_of("gap")).to_seq == log.source.seqs["trades"]


async def test_a_record_that_is_not_what_was_written_ends_it_with_a_gap():
    async with away(400) as (log, _, other):
        streams = log.bus.shared.streams[NORM].messages
        stored = streams[330]
        streams[330] = stored._replace(payload=stored.payload[:-1] + b"x")
        client = await other.client()
        await client.subscribe("trades", resume=place(1))
        await reach(client, "trades", log.source.seqs["trades"])
        gap = client.messages[-1]
        assert (gap.type, gap.cause) == ("gap", "resume")
        assert seqs(client)[0] == 2
        assert gap.from_seq > 300
        await trades(log, 1)
        await client.next_of("trade")


async def updates(log, number):
    for made in range(number):
        log.source.update(("buy", "99.5", str(made + 1)))
        await log.write()


@pytest.mark.parametrize(("mode", "kinds"), [("strict", {"update"}), ("auto", {"gap", "snapshot"})])
async def test_every_change_of_a_book_is_sent_to_who_wants_no_book(mode, kinds):
    async with away(kind=updates) as (log, stays, other):
        last = log.source.seqs["level2"]
        client = await other.client()
        answer = await client.subscribe("level2", resume=place(1), resume_mode=mode)
        assert answer.recovered == {"BTC-USD": mode == "strict"}
        while kinds - {message.type for message in client.messages[2:]}:
            await client.next()
        await reach(client, "level2", last)
        assert {message.type for message in client.messages[2:]} == kinds
        await reach(stays, "level2", last)
        await updates(log, 1)
        proved = await client.next_of("update")
        if mode == "strict":
            assert [m.checksum for m in client.messages[2:-1]] == [None] * (last - 1)
        assert proved.checksum == (await stays.next_of("update")).checksum


async def test_a_new_book_in_between_ends_the_changes_with_a_gap_and_the_state():
    async def book_between(log, number):
        await updates(log, number)
        log.source.snapshot()
        await log.write()

    async with away(5, kind=book_between) as (log, _, other):
        client = await other.client()
        await client.subscribe("level2", resume=place(1), resume_mode="strict")
        await client.next_of("snapshot")
        assert {message.cause for message in client.messages if message.type == "gap"} == {"resume"}
        assert client.follower.mirrors["level2", "BTC-USD"].live
        await updates(log, 1)
        await client.next_of("update")


async def test_requests_after_one_that_needs_the_log_are_answered_in_order():
    async with away() as (_, _, other):
        client = await other.client()
        await asks(client, place(1))
        answer = await client.ask("unsubscribe", channel="trades", product_ids=["BTC-USD"])
        assert answer.type == "unsubscribed"
        await until(lambda: other.count("resume_log_open") == 0)


async def test_after_its_end_nothing_is_read_any_more():
    bus = MemoryBus()
    log = await NormLog(bus).open()
    log.source.trade()
    await log.write()
    fanout = Fanout(gateway_frames, Limits(), lambda _: None)
    fanout.begin(log.venue, integrity="none", integrity_rule="none")
    fanout.serve(["BTC-USD"])
    session = ClientSession(gateway_frames, Limits(), 0, lambda: None)
    stream = fanout.products["BTC-USD"]
    fanout.join(session, "trades", stream, snapshot=False)
    backlog = Backlog(bus, SystemClock(), fanout)
    ends = asyncio.create_task(backlog.run())
    whole, begin = ("trades", "BTC-USD"), Position("run1", 0)
    replays = await backlog.find({whole: begin})
    ends.cancel()
    await asyncio.wait([ends])
    session.replay(session.subscriptions[whole], begin, replays["BTC-USD"])
    backlog.begin(session, replays)
    backlog.tick()
    assert backlog.counts()["resume_log_open"] == 1
    assert session.subscriptions[whole].awaits
