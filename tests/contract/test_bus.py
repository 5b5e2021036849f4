"""The bus port, against memory and a real nats-server."""

import asyncio
import subprocess
import sys

import pytest

from ledgerflux.adapters.nats_bus import NatsBus
from ledgerflux.errors import AppendRefused, BusError
from ledgerflux.wire.subjects import NORM, RAW, live_subject, norm_subject, raw_subject


async def take(batches, count):
    taken = []
    async with asyncio.timeout(10):
        async for batch in batches:
            taken += batch
            if len(taken) >= count:
                break
    return taken


async def test_a_conditional_append_is_stored_only_where_it_expects(bus, venue):
    subject = raw_subject(3, venue)
    first = await bus.append(RAW, subject, b"one", expected_last=0)
    with pytest.raises(AppendRefused):
        await bus.append(RAW, subject, b"again", expected_last=0)
    second = await bus.append(RAW, subject, b"two", expected_last=first)
    assert second > first
    last = await bus.last(RAW, subject)
    assert (last.sequence, last.subject, last.payload) == (second, subject, b"two")


async def test_other_subjects_do_not_disturb_the_expectation(bus, venue):
    first = await bus.append(RAW, raw_subject(1, venue), b"a", expected_last=0)
    await bus.append(RAW, raw_subject(2, venue), b"b", expected_last=0)
    await bus.append(RAW, raw_subject(1, venue), b"c", expected_last=first)


async def test_reads_by_subject_find_nothing_where_there_is_nothing(bus, venue):
    subject = raw_subject(4, venue)
    assert await bus.last(RAW, subject) is None
    assert await bus.next(RAW, subject, 1) is None
    first = await bus.append(RAW, subject, b"x", expected_last=None)
    assert (await bus.next(RAW, subject, 1)).sequence == first
    assert await bus.next(RAW, subject, first + 1) is None


async def test_a_reader_gets_old_and_new_messages_in_order_without_repeats(bus, venue):
    subject = raw_subject(5, venue)
    for number in range(300):
        await bus.append(RAW, subject, b"%d" % number, expected_last=None)
    async with bus.read(RAW, subject) as batches:
        old = await take(batches, 300)
        await bus.append(RAW, subject, b"300", expected_last=None)
        new = await take(batches, 1)
    assert [int(stored.payload) for stored in old + new] == list(range(301))
    async with bus.read(RAW, subject, old[200].sequence) as batches:
        again = await take(batches, 101)
    assert [int(stored.payload) for stored in again] == list(range(200, 301))


FORKED = """
import asyncio, os, sys
from ledgerflux.adapters.nats_bus import NatsBus
from ledgerflux.wire.subjects import RAW
url, user, password, *subjects = sys.argv[1:]

async def read(subject):
    got = []
    async with NatsBus.open(url, user=user, password=password) as bus, asyncio.timeout(20):
        async with bus.read(RAW, subject) as batches:
            async for batch in batches:
                got += [stored.payload.decode() for stored in batch]
                if len(got) >= 200:
                    break
    assert got == [subject] * 200, got

for subject in subjects:
    if os.fork() == 0:
        code = 1
        try:
            asyncio.run(read(subject))
            code = 0
        finally:
            os._exit(code)
codes = [os.waitstatus_to_exitcode(os.wait()[1]) for _ in subjects]
sys.exit(max(codes))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="nothing forks there")
async def test_readers_in_forked_processes_get_their_own_messages(nats_bus, nats_process, venue):
    """Such processes are alike in memory: nothing of theirs may be named by where it stands."""
    subjects = [raw_subject(partition, venue) for partition in range(6)]
    for _ in range(200):
        for subject in subjects:
            await nats_bus.append(RAW, subject, subject.encode(), expected_last=None)
    access = nats_process.server.access
    words = (access.url, access.user, access.password, *subjects)
    done = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-c", FORKED, *words],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr


async def test_large_messages_come_through_a_reader(bus, venue):
    subject = raw_subject(6, venue)
    payloads = [bytes([number]) * 3_000_000 for number in range(8)]
    for payload in payloads:
        await bus.append(RAW, subject, payload, expected_last=None)
    async with bus.read(RAW, subject) as batches:
        assert [stored.payload for stored in await take(batches, 8)] == payloads


async def test_messages_are_taken_by_the_task_that_reads_them_whoever_they_are_for(nats_bus, venue):
    takers, heard = [], []

    def take_one(message):
        takers.append(asyncio.current_task())
        heard.append((message.subject, message.headers))

    subjects = [live_subject(partition, venue) for partition in (1, 2)]
    listening = [await nats_bus.listen(subject, take_one) for subject in subjects]
    for partition in (1, 2):
        await nats_bus.append(NORM, norm_subject(partition, venue), b"x", expected_last=0)
    async with asyncio.timeout(10):
        while len(heard) < 2:
            await asyncio.sleep(0.01)
    assert sorted(heard) == [(subject, None) for subject in subjects]
    assert len(set(takers)) == 1
    assert takers[0] is not asyncio.current_task()
    for subscription in listening:
        await nats_bus.unlisten(subscription)
    await nats_bus.append(NORM, norm_subject(1, venue), b"y", expected_last=None)
    await nats_bus.state(NORM)
    assert len(heard) == 2


async def test_norm_is_republished_to_live_listeners(bus, venue):
    async with bus.subscribe(live_subject(7, venue)) as mailbox:
        await bus.append(NORM, norm_subject(7, venue), b"event", expected_last=0)
        async with asyncio.timeout(5):
            assert await anext(mailbox) == (live_subject(7, venue), b"event")


async def test_a_full_mailbox_drops_the_oldest_and_counts(bus, venue):
    async with bus.subscribe(f"lf.test.{venue}", pending=2) as mailbox:
        for number in range(5):
            await bus.publish(f"lf.test.{venue}", b"%d" % number)
        async with asyncio.timeout(5):
            while mailbox.dropped_total < 3:
                await asyncio.sleep(0.01)
            assert [(await anext(mailbox))[1] for _ in range(2)] == [b"3", b"4"]


async def test_what_is_in_a_mailbox_is_had_at_once(bus, venue):
    subject = f"lf.test.{venue}"
    async with bus.subscribe(subject) as mailbox:
        assert mailbox.ready() is None
        for payload in (b"1", b"2"):
            await bus.publish(subject, payload)
        async with asyncio.timeout(5):
            while (first := mailbox.ready()) is None:
                await asyncio.sleep(0.01)
            assert first == (subject, b"1")
            assert await anext(mailbox) == (subject, b"2")


async def test_keys_are_set_and_read(bus, venue):
    assert await bus.get("LF_CONF", venue) is None
    await bus.put("LF_CONF", venue, b"1")
    await bus.put("LF_CONF", venue, b"2")
    assert await bus.get("LF_CONF", venue) == b"2"


async def test_requests_are_answered_or_fail(bus, venue):
    async def double(payload: bytes) -> bytes:
        return payload * 2

    with pytest.raises(BusError):
        await bus.request(f"lf.ask.{venue}", b"x", timeout_s=0.5)
    async with bus.answer(f"lf.ask.{venue}", double):
        assert await bus.request(f"lf.ask.{venue}", b"x") == b"xx"


async def test_state_tells_how_far_a_stream_reaches(bus, venue):
    sequence = await bus.append(RAW, raw_subject(8, venue), b"x", expected_last=None)
    state = await bus.state(RAW)
    assert state.last_sequence == sequence
    assert state.messages >= 1


async def test_an_identity_is_stored_once(bus, venue):
    subject = raw_subject(10, venue)
    first = await bus.append(RAW, subject, b"x", expected_last=None, identity=f"{venue}-1")
    assert first == await bus.append(RAW, subject, b"x", expected_last=None, identity=f"{venue}-1")
    assert (await bus.next(RAW, subject, first + 1)) is None


async def test_wrong_credentials_and_an_absent_server_are_told_in_time(nats_process):
    access = nats_process.server.access
    for url, password in ((access.url, "wrong"), ("nats://127.0.0.1:1", access.password)):
        with pytest.raises(BusError):
            async with NatsBus.open(
                url, user=access.user, password=password, connect_timeout_s=1.0
            ):
                pass
