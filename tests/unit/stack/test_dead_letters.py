"""The newest dead letters, and one of them."""

import pytest

from ledgerflux.core.sharding import partition_of
from ledgerflux.errors import ConfigError, NotRunning
from ledgerflux.stack.asking import ask_bus
from ledgerflux.stack.dead_letters import KEPT_BYTES, Query, newest, one
from ledgerflux.stack.run_dir import RunDir
from ledgerflux.testing.memory_bus import MemoryBus
from ledgerflux.wire.dead_letter import LetterHead, encode_letter
from ledgerflux.wire.subjects import DLQ, dlq_subject

BTC = partition_of("BTC-USD")


@pytest.fixture
async def bus():
    made = MemoryBus()

    async def put(reason, content, partition=BTC):
        head = LetterHead("v", partition, reason, "why", raw_number=1, frame=0)
        subject = dlq_subject(partition, reason)
        return await made.append(DLQ, subject, encode_letter(head, content), expected_last=None)

    made.put_letter = put
    return made


async def numbers(bus, **query):
    found = await newest(bus, Query(**query))
    return [letter.number for letter in found.letters], found.held


async def test_nothing_refused_is_an_empty_list(bus):
    assert await numbers(bus) == ([], 0)


async def test_the_newest_come_last(bus):
    for count in range(1, 31):
        await bus.put_letter("malformed", b"%d" % count)
    assert await numbers(bus, limit=3) == ([28, 29, 30], 30)
    assert (await numbers(bus, limit=50))[0] == list(range(1, 31))


async def test_letters_far_back_are_found_too(bus):
    await bus.put_letter("number", b"first")
    await bus.put_letter("number", b"second")
    for _ in range(200):
        await bus.put_letter("malformed", b"x")
    assert (await numbers(bus, reason="number", limit=1))[0] == [2]
    assert (await numbers(bus, reason="number", limit=5))[0] == [1, 2]
    assert (await numbers(bus, reason="limits", limit=5))[0] == []


async def test_a_product_s_letters_name_it_or_nobody(bus):
    other = next(f"X{n}-USD" for n in range(999) if partition_of(f"X{n}-USD") == BTC)
    await bus.put_letter("malformed", b'{"product_id":"BTC-USD"')
    await bus.put_letter("malformed", b'{"product_id":"%b"' % other.encode())
    await bus.put_letter("encoding", b"\xff")
    await bus.put_letter("malformed", b"BTC-USD", partition=(BTC + 1) % 32)
    assert (await numbers(bus, product="BTC-USD"))[0] == [1, 3]


async def test_a_list_holds_the_beginning_of_what_was_refused(bus):
    await bus.put_letter("limits", b"[" * 5000)
    (letter,) = (await newest(bus, Query())).letters
    assert (letter.size, len(letter.content)) == (5000, KEPT_BYTES)
    assert (await one(bus, 1)).content == b"[" * 5000


async def test_a_letter_that_is_not_there_is_refused(bus):
    await bus.put_letter("limits", b"x")
    for number in (2, 99):
        with pytest.raises(ConfigError, match=f"holds no {number}"):
            await one(bus, number)


async def test_a_record_that_is_no_letter_is_shown_as_it_is(bus):
    await bus.append(DLQ, dlq_subject(3, "number"), b"no head", expected_last=None)
    (letter,) = (await newest(bus, Query())).letters
    assert (letter.head.partition, letter.head.reason) == (3, "number")
    assert "can't be read" in letter.head.detail
    assert letter.content == b"no head"


def test_without_a_stack_there_is_nobody_to_ask(tmp_path):
    with pytest.raises(NotRunning, match="no stack runs"):
        ask_bus(RunDir(tmp_path), lambda bus: bus.state(DLQ), name="test")
