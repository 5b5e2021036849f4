"""Clients that come back from before what a gateway keeps, on a real log."""

import asyncio
from contextlib import asynccontextmanager
from functools import partial
from types import SimpleNamespace

from gateway_support import NormLog, conf, on_sockets, until

from ledgerflux.adapters.nats_streams import STREAMS
from ledgerflux.client import Reconnected, connect
from ledgerflux.core.replay_ring import STREAM_BYTES_MAX
from ledgerflux.roles.runtime import write_feed
from ledgerflux.wire.subjects import NORM

TRADES_A_RECORD = 100


async def write_more_than_is_kept(log) -> int:
    """Write trades until a gateway can't have kept them all; return the seq of the last."""
    written = 0
    while written < 2 * STREAM_BYTES_MAX:
        for _ in range(TRADES_A_RECORD):
            log.source.trade()
        await log.write()
        written += TRADES_A_RECORD * 100
    return log.source.seqs["trades"]


class Reader:
    """Follows trades with the client library; what it got, and what it was told it missed."""

    def __init__(self, *ports: int) -> None:
        self.gaps: list = []
        self.seqs: list[int] = []
        self.came_back = 0
        addresses = [f"http://127.0.0.1:{port}" for port in ports]
        self.client = connect(addresses, on_gap=self.gaps.append, random=lambda: 0.0)

    async def read(self, upto: int) -> None:
        await self.read_until(lambda: self.seqs and self.seqs[-1] >= upto)

    async def read_until(self, enough) -> None:
        async with asyncio.timeout(30):
            while not enough():
                message = await anext(self.client)
                if isinstance(message, Reconnected):
                    self.came_back += 1
                elif message.type == "trade":
                    self.seqs += [trade.seq for trade in message.trades()]


@asynccontextmanager
async def gateways(own_nats):
    """Yield what starts gateways on the server, and a log."""
    async with own_nats.open() as bus:
        await write_feed(bus, conf())
        log = await NormLog(bus).open()
        log.source.snapshot()
        await log.write()
        connections = SimpleNamespace(connect=lambda: bus)
        yield partial(on_sockets, connections), log


async def go_on(reader, log, gateway) -> None:
    """Everything once and in order, from the log, then live."""
    await reader.read(log.source.seqs["trades"])
    log.source.trade()
    await log.write()
    last = log.source.seqs["trades"]
    await reader.read(last)
    assert reader.seqs == list(range(1, last + 1))
    assert (reader.gaps, reader.came_back, reader.client.violations_total) == ([], 1, 0)
    counts = gateway.vitals().counts
    assert (counts["resume_log"], counts["resume_log_lost"]) == (1, 0)


async def follow_two(first, log, *ports: int) -> Reader:
    """Return a reader that has two trades."""
    reader = Reader(first.port, *ports)
    await reader.client.__aenter__()
    await reader.client.subscribe("trades")
    log.source.trade().trade()
    await log.write()
    await reader.read(2)
    return reader


async def test_who_was_away_for_longer_than_is_kept_gets_all_of_it_once(own_nats):
    async with gateways(own_nats) as (start, log), start() as other:
        async with start() as first:
            reader = await follow_two(first, log, other.port)
        await write_more_than_is_kept(log)
        await until(lambda: other.vitals().partitions[0].norm == log.number)
        await go_on(reader, log, other)
        await reader.client.__aexit__()


async def test_a_gateway_that_has_just_started_sends_what_it_never_had(own_nats):
    async with gateways(own_nats) as (start, log):
        async with start() as first:
            reader = await follow_two(first, log)
        await write_more_than_is_kept(log)
        await log.save()
        async with start(port=first.port) as fresh:
            assert fresh.vitals().counts["resume_bytes"] == 0
            await go_on(reader, log, fresh)
            await reader.client.__aexit__()


async def test_what_fell_to_the_limit_of_the_log_is_a_gap(own_nats):
    async with gateways(own_nats) as (start, log):
        async with start() as first:
            reader = await follow_two(first, log)
        await write_more_than_is_kept(log)
        await log.save()
        async with own_nats.open() as bus:
            await bus.api(f"STREAM.UPDATE.{NORM}", {**STREAMS[1], "max_bytes": 1_000_000})
        async with start(port=first.port) as fresh:
            last = log.source.seqs["trades"]
            await reader.read_until(lambda: reader.gaps)
            log.source.trade()
            await log.write()
            await reader.read(last + 1)
            assert reader.seqs == [1, 2, last + 1]
            assert [(gap.from_seq, gap.to_seq) for gap in reader.gaps] == [(3, last)]
            assert fresh.vitals().counts["resume_log_lost"] == 1
            await reader.client.__aexit__()
