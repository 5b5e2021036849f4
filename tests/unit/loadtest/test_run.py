"""Whole load tests, worker process included, of stand-ins for a gateway."""

import asyncio
import json
import os
import signal
import time
from contextlib import asynccontextmanager

import psutil
import pytest

from ledgerflux.adapters.ws_listener import WsListener
from ledgerflux.errors import ConfigError, FeedError, GatewayError
from ledgerflux.loadtest.assemble import Target
from ledgerflux.loadtest.plan import LoadPlan
from ledgerflux.loadtest.report import Report
from ledgerflux.loadtest.run import LoadRun
from ledgerflux.loadtest.verdict import parse_slos
from ledgerflux.model.units import rfc3339
from ledgerflux.ports import Batch, Response, Sent
from ledgerflux.wire.gateway_packing import pack

SLOS = ("gaps=0", "violations=0", "errors=0", "disconnects=0")
PLAN = LoadPlan(clients=3, duration_s=1.0, ramp_s=0.1)


class StandIn:
    """Publishes one update every 20 ms to all; `drops` says which seqs it silently leaves out."""

    def __init__(self, drops=lambda _: False, source="synthetic:50") -> None:
        self.seq = 10
        self.drops = drops
        self.source = source
        self.clients = set()
        self.url = ""
        self.sent = Sent()
        self.packed_clients = 0

    def status(self, _):
        service = {"name": "gateway", "cpu": 0.25, "rss_bytes": 1 << 20, "restarts": 0, "pid": 1}
        document = {
            "source": self.source,
            "state": "healthy",
            "services": [service],
            "counts": {"exchange_sent": self.seq, "raw_frames": 0},
            "heads": {"BTC-USD": {"epoch": "e", "level2": self.seq, "trades": 0}},
            "problems": [],
        }
        return Response(200, "application/json", json.dumps(document).encode())

    async def serve(self, client) -> None:
        try:
            request = json.loads(await client.receive())
            place = {"epoch": "e", "seq": self.seq}
            answer = {"type": "subscribed", "channel": "level2", "streams": {"BTC-USD": place}}
            answer["req_id"] = request["req_id"]
            # In one step, so that what is published next continues it.
            assert client.write_now(
                Batch([json.dumps(it).encode() for it in (answer, self.book())])
            )
            self.clients.add(client)
            self.packed_clients = max(self.packed_clients, self.sent.packed_clients)
            await client.receive()
        except FeedError:
            self.clients.discard(client)

    def book(self):
        return {**self.head("snapshot"), "seq": self.seq, "reason": "subscribe", "state": "live"}

    def head(self, kind):
        return {"channel": "level2", "type": kind, "product_id": "BTC-USD", "epoch": "e"}

    async def publish(self) -> None:
        while True:
            await asyncio.sleep(0.02)
            self.seq += 1
            event = {"ts_exchange": rfc3339(time.time_ns())}
            update = {**self.head("update"), "prev_seq": self.seq - 1, "seq": self.seq}
            if not self.drops(self.seq):
                for client in self.clients:
                    client.write_now(Batch([json.dumps({**update, "data": [event]}).encode()]))


@asynccontextmanager
async def standing_in(**more):
    gateway = StandIn(**more)
    listening = WsListener().serve(
        "127.0.0.1",
        0,
        {"/v1/status": gateway.status},
        gateway.serve,
        websocket_paths=["/v1/ws"],
        pack=pack,
        sent=gateway.sent,
    )
    async with listening as port:
        gateway.url = f"http://127.0.0.1:{port}"
        publishing = asyncio.create_task(gateway.publish())
        try:
            yield gateway
        finally:
            publishing.cancel()


def load(gateway, plan=PLAN, slos=SLOS):
    return LoadRun(plan, parse_slos(slos, ()), Target(gateway.url), lambda _: None)


async def test_a_gateway_that_drops_fails_and_the_gaps_are_named():
    async with standing_in(drops=lambda seq: seq % 10 == 0) as gateway:
        report = await load(gateway).run()
    assert (report.verdict, report.exit_code) == ("fail", 99)
    [missing] = report.integrity.missing
    assert (missing.product, missing.channel, missing.cause) == ("BTC-USD", "level2", "unannounced")
    assert report.integrity.gaps == missing.count >= 3
    assert {one.key for one in report.thresholds if not one.ok} >= {"gaps", "violations"}
    assert "after" in report.integrity.why


async def test_a_gateway_that_keeps_its_word_has_no_gap_and_the_report_is_its_schema():
    async with standing_in() as gateway:
        report = await load(gateway, PLAN.model_copy(update={"churn_per_s": 5.0})).run()
    assert report.integrity.gaps == report.integrity.violations == 0
    assert report.clients.subscribed == 3
    assert report.clients.reconnects >= 1
    assert report.delivered.updates > 20
    assert report.latency_ms.basis == "planned"
    assert report.latency_ms.all.p50 > 0
    assert [role.name for role in report.roles] == ["gateway"]
    assert Report.model_validate_json(report.to_json()) == report
    assert json.loads(report.to_json())["schema"] == "lf.loadtest/1"


async def test_compressed_clients_are_loaded_the_same_way():
    async with standing_in() as gateway:
        report = await load(gateway, PLAN.model_copy(update={"compress": True})).run()
    assert gateway.packed_clients == 3
    assert report.asked.compress
    assert report.integrity.gaps == report.integrity.violations == 0
    assert report.clients.subscribed == 3
    assert report.delivered.updates > 20
    assert report.clients.errors == report.clients.disconnects == {}


async def test_a_report_says_how_many_products_there_were_to_follow():
    plan = PLAN.model_copy(update={"products": ("3-each",)})
    async with standing_in() as gateway:
        report = await load(gateway, plan).run()
    assert (report.asked.products_each, report.asked.products) == (1, [])


async def test_a_source_that_does_not_hold_its_rate_makes_the_measurement_invalid():
    plan = PLAN.model_copy(update={"duration_s": 3.0})
    async with standing_in(source="synthetic:9000") as gateway:
        report = await load(gateway, plan).run()
    assert (report.verdict, report.exit_code) == ("invalid", 98)
    assert any("9,000/s asked" in doubt for doubt in report.generator.doubts)


async def test_an_interrupted_test_has_the_report_so_far_and_leaves_no_worker():
    before = set(psutil.Process().children())
    async with standing_in() as gateway:
        run = load(gateway, PLAN.model_copy(update={"duration_s": 60.0}))
        task = asyncio.create_task(run.run())
        async with asyncio.timeout(30):
            while run.measurement is None or run.measurement.counts.updates < 5:
                await asyncio.sleep(0.02)
        task.cancel()
        await asyncio.wait([task])
    assert task.cancelled()
    assert (run.report.verdict, run.report.exit_code) == ("interrupted", 130)
    assert run.report.delivered.updates >= 5
    assert set(psutil.Process().children()) == before


async def test_a_product_that_is_not_served_is_said_so():
    async with standing_in() as gateway:
        with pytest.raises(ConfigError, match="does not serve X-USD"):
            await load(gateway, PLAN.model_copy(update={"products": ("X-USD",)})).run()


async def test_without_a_gateway_nothing_is_measured():
    run = LoadRun(PLAN, [], Target("http://127.0.0.1:9"), lambda _: None)
    with pytest.raises(GatewayError) as raised:
        await run.run()
    assert raised.value.exit_code == 3


async def test_a_worker_that_cannot_report_in_time_makes_the_measurement_invalid(monkeypatch):
    monkeypatch.setattr("ledgerflux.loadtest.run.FINISH_TIMEOUT_S", 0.3)
    before = set(psutil.Process().children())
    async with standing_in() as gateway:
        run = load(gateway, PLAN)
        task = asyncio.create_task(run.run())
        async with asyncio.timeout(30):
            while run.measurement is None or run.measurement.counts.updates < 5:
                await asyncio.sleep(0.02)
        for child in set(psutil.Process().children()) - before:
            os.kill(child.pid, signal.SIGSTOP)
        report = await task
    assert (report.verdict, report.exit_code) == ("invalid", 98)
    late = "generator saturated: 1 of its processes could not report in time"
    assert late in report.generator.doubts
    assert set(psutil.Process().children()) == before


async def test_a_worker_that_is_killed_ends_the_test_with_an_error():
    before = set(psutil.Process().children())
    async with standing_in() as gateway:
        run = load(gateway, PLAN.model_copy(update={"duration_s": 60.0}))
        task = asyncio.create_task(run.run())
        async with asyncio.timeout(30):
            while run.measurement is None or run.measurement.connected < 1:
                await asyncio.sleep(0.02)
        for child in set(psutil.Process().children()) - before:
            os.kill(child.pid, signal.SIGKILL)
        with pytest.raises(Exception, match="ended before its time"):
            await task
