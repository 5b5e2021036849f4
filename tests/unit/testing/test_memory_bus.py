"""What the contract suite does not ask of the memory bus: faults, limits, absence."""

import asyncio

import pytest

from ledgerflux.errors import AppendInDoubt, AppendRefused, BusError
from ledgerflux.ports import StreamState
from ledgerflux.testing.memory_bus import BATCH_MAX, MemoryBus, matches

S = "MD_RAW"


@pytest.mark.parametrize(
    ("pattern", "subject", "fits"),
    [
        ("a.b", "a.b", True),
        ("a.b", "a.c", False),
        ("a.b", "a.b.c", False),
        ("a.b.c", "a.b", False),
        ("a.*", "a.b", True),
        ("a.*", "a.b.c", False),
        ("*.b", "a.b", True),
        ("a.>", "a.b.c", True),
        ("a.>", "a", False),
        ("a.>", "b.c", False),
        ("a.*.>", "a.b", False),
        ("a.*.>", "a.b.c", True),
        (">", "a", True),
    ],
)
def test_wildcards_fit_as_on_a_real_server(pattern, subject, fits):
    assert matches(pattern, subject) is fits


async def payloads(bus, subject="md.raw.01.v"):
    found, sequence = [], 1
    while (stored := await bus.next(S, subject, sequence)) is not None:
        found.append(stored.payload)
        sequence = stored.sequence + 1
    return found


async def test_a_lost_answer_leaves_the_message_stored():
    bus = MemoryBus()
    bus.fail_append("lose-ack")
    with pytest.raises(AppendInDoubt):
        await bus.append(S, "md.raw.01.v", b"1", expected_last=0)
    assert await payloads(bus) == [b"1"]


async def test_a_lost_append_leaves_nothing():
    bus = MemoryBus()
    bus.fail_append("lose-append")
    with pytest.raises(AppendInDoubt):
        await bus.append(S, "md.raw.01.v", b"1", expected_last=0)
    assert await payloads(bus) == []


async def test_a_refused_append_leaves_nothing():
    bus = MemoryBus()
    bus.fail_append("refuse")
    with pytest.raises(AppendRefused):
        await bus.append(S, "md.raw.01.v", b"1", expected_last=0)
    assert await payloads(bus) == []


async def test_faults_come_one_after_the_other_and_end():
    bus = MemoryBus()
    bus.fail_append("lose-append", "lose-ack")
    for payload in (b"1", b"2"):
        with pytest.raises(AppendInDoubt):
            await bus.append(S, "md.raw.01.v", payload, expected_last=None)
    assert await bus.append(S, "md.raw.01.v", b"3", expected_last=None) == 2
    assert await payloads(bus) == [b"2", b"3"]
    assert bus.appends_total == 3


async def test_faults_belong_to_one_connection_and_streams_to_all():
    bus = MemoryBus()
    other = bus.connect()
    bus.fail_append("lose-append")
    await other.append(S, "md.raw.01.v", b"1", expected_last=0)
    assert await payloads(bus) == [b"1"]
    other.down = True
    assert await payloads(bus) == [b"1"]


async def test_a_bus_that_is_down_answers_nothing():
    bus = MemoryBus()
    bus.down = True
    with pytest.raises(AppendInDoubt):
        await bus.append(S, "md.raw.01.v", b"1", expected_last=0)
    for asking in (
        bus.last(S, "md.raw.01.v"),
        bus.next(S, "md.raw.01.v", 1),
        bus.state(S),
        bus.publish("lf.x", b""),
        bus.request("lf.x", b""),
        bus.get("LF_CONF", "feed"),
        bus.put("LF_CONF", "feed", b""),
    ):
        with pytest.raises(BusError):
            await asking
    bus.down = False
    assert await payloads(bus) == []


async def test_an_identity_known_already_is_found_after_the_expectation_is_checked():
    bus = MemoryBus()
    first = await bus.append(S, "md.raw.01.v", b"1", expected_last=0, identity="x")
    again = await bus.append(S, "md.raw.01.v", b"1", expected_last=None, identity="x")
    assert again == first
    with pytest.raises(AppendRefused):
        await bus.append(S, "md.raw.01.v", b"1", expected_last=0, identity="x")


async def test_a_stream_at_its_limit_forgets_the_oldest_and_numbers_on():
    bus = MemoryBus()
    assert await bus.state(S) == StreamState(0, 0, 0, 0)
    for number in range(5):
        await bus.append(S, "md.raw.01.v", b"%d" % number, expected_last=None)
    bus.truncate(S, keep_last=7)
    assert await bus.state(S) == StreamState(1, 5, 5, 5)
    bus.truncate(S, keep_last=2)
    assert await bus.state(S) == StreamState(4, 5, 2, 2)
    assert await payloads(bus) == [b"3", b"4"]
    bus.truncate(S, keep_last=0)
    assert await bus.state(S) == StreamState(0, 5, 0, 0)
    assert await bus.append(S, "md.raw.01.v", b"5", expected_last=0) == 6


async def test_a_reader_gets_what_it_follows_in_bounded_batches():
    bus = MemoryBus()
    for number in range(BATCH_MAX + 3):
        await bus.append(S, f"md.raw.0{number % 2}.v", b"%d" % number, expected_last=None)
    async with bus.read(S, "md.raw.*.v") as batches:
        sizes = [len(await anext(batches)) for _ in range(2)]
    assert sizes == [BATCH_MAX, 3]
    async with bus.read(S, "md.raw.01.v", BATCH_MAX) as batches:
        assert [stored.payload for stored in await anext(batches)] == [b"255", b"257"]


async def test_a_reader_waits_for_what_is_not_there_yet():
    bus = MemoryBus()
    async with bus.read(S, "md.raw.01.v") as batches, asyncio.timeout(5):
        waiting = asyncio.ensure_future(anext(batches))
        await asyncio.sleep(0)
        assert not waiting.done()
        await bus.append(S, "md.raw.02.v", b"other", expected_last=None)
        await bus.append(S, "md.raw.01.v", b"mine", expected_last=None)
        assert [stored.payload for stored in await waiting] == [b"mine"]


async def test_writes_to_a_bucket_are_heard_and_norm_is_republished():
    bus = MemoryBus()
    async with bus.subscribe("$KV.LF_HEALTH.>") as keys, bus.subscribe("md.live.>") as live:
        await bus.put("LF_HEALTH", "gateway.0", b"{}")
        await bus.append("MD_NORM", "md.norm.01.v", b"n", expected_last=0)
        await bus.append("MD_RAW", "md.raw.01.v", b"r", expected_last=0)
        async with asyncio.timeout(5):
            assert await anext(keys) == ("$KV.LF_HEALTH.gateway.0", b"{}")
            assert await anext(live) == ("md.live.01.v", b"n")
    await bus.publish("md.live.01.v", b"nobody listens")
    assert bus.shared.listeners == []


async def test_what_was_refused_is_not_republished():
    bus = MemoryBus()
    bus.fail_append("refuse")
    async with bus.subscribe("md.live.>", pending=4) as live:
        with pytest.raises(AppendRefused):
            await bus.append("MD_NORM", "md.norm.01.v", b"no", expected_last=0)
        await bus.append("MD_NORM", "md.norm.01.v", b"yes", expected_last=0)
        async with asyncio.timeout(5):
            assert (await anext(live))[1] == b"yes"


async def test_an_answer_ends_with_its_context_and_a_slow_one_is_not_waited_for():
    bus = MemoryBus()

    async def never(_payload: bytes) -> bytes:
        await asyncio.Event().wait()
        raise AssertionError

    async with bus.answer("lf.ask", never):
        with pytest.raises(BusError, match="in time"):
            await bus.request("lf.ask", b"", timeout_s=0.01)
    with pytest.raises(BusError, match="nobody answers"):
        await bus.request("lf.ask", b"")


async def test_the_newest_message_and_value_are_found():
    bus = MemoryBus()
    assert await bus.last(S, "md.raw.>") is None
    assert await bus.get("LF_CONF", "feed") is None
    for number in range(3):
        await bus.append(S, f"md.raw.0{number}.v", b"%d" % number, expected_last=0)
        await bus.put("LF_CONF", "feed", b"%d" % number)
    assert (await bus.last(S, "md.raw.01.v")).payload == b"1"
    assert (await bus.last(S, "md.raw.>")).payload == b"2"
    assert await bus.get("LF_CONF", "feed") == b"2"
