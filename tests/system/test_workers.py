"""Gateways that share one port: one is killed under load, and whoever looks after them ends."""

import asyncio
import json
import os
import signal
import urllib.request
from contextlib import suppress

import psutil
import pytest
from readers import Reader
from stacks import processes_naming, until, wait_gone

pytestmark = [pytest.mark.fault, pytest.mark.timeout(300)]

CLIENTS = 6
CLIENTS_MAX = 24
ENOUGH = 10
"""Trades that a client hears before and after."""
MODULE = "ledgerflux.stack.worker"


def lines_of(stack, event):
    """Return the lines of the log that tell `event`."""
    text = (stack.data_dir.parent / "workers.log").read_text()
    lines = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
    return [line for line in lines if line["event"] == event]


def port_of(stack):
    [line] = until(lambda: lines_of(stack, "workers.started"), what="a port")
    return line["port"]


def ready(stack):
    """Return the pids of each worker, oldest first."""
    pids = {}
    for line in lines_of(stack, "service.ready"):
        pids.setdefault(line["service"], []).append(line["pid"])
    return pids


def get(url):
    with urllib.request.urlopen(url, timeout=5) as answer:
        return answer.read().decode()


def clients_of(stack):
    """Return how many clients each worker says it has, on the port of its own."""
    told = {}
    for line in lines_of(stack, "worker.ready"):
        [count] = [
            float(row.split()[1])
            for row in get(line["metrics"]).splitlines()
            if row.startswith("ledgerflux_gateway_clients")
        ]
        told[line["worker"]] = count
    return told


def workers_alive(stack):
    alive = []
    for process in processes_naming(str(stack.data_dir)):
        with suppress(psutil.NoSuchProcess):  # it has ended since, or is about to be reaped
            if any(MODULE in word for word in process.cmdline()):
                alive.append(process)
    return alive


async def spread(stack, count):
    """Return how many clients each worker has, once they are all there."""
    return await asyncio.to_thread(
        until,
        lambda: sum((told := clients_of(stack)).values()) == count and told,
        what=f"{count} clients",
    )


async def heard(readers, before):
    """Return once each reader has heard enough trades more than `before`."""
    await asyncio.to_thread(
        until,
        lambda: all(
            len(reader.trades) > count + ENOUGH
            for reader, count in zip(readers, before, strict=True)
        ),
        what="trades",
    )


async def test_clients_of_a_killed_worker_come_back_to_the_same_port(stack):
    source = ("--source", "synthetic:50", "--products", "BTC-USD", "--shards", "1")
    services = ("nats", "exchange", "ingest", "normalize")
    await asyncio.to_thread(stack.lf, "up", "-d", *source, *services)
    with stack.run_role("workers", "gateway", "--workers", "2", "--port", "0") as parent:
        await asyncio.to_thread(until, lambda: len(ready(stack)) == 2, what="two workers")
        port = port_of(stack)
        url = f"ws://127.0.0.1:{port}/v1/ws"
        readers = [Reader([url]) for _ in range(CLIENTS)]
        tasks = [asyncio.create_task(reader.run()) for reader in readers]
        while min((before := await spread(stack, len(readers))).values()) == 0:
            assert len(readers) < CLIENTS_MAX, "the kernel deals them out"
            readers.append(Reader([url]))
            tasks.append(asyncio.create_task(readers[-1].run()))
        await heard(readers, [0] * len(readers))
        status = json.loads(await asyncio.to_thread(get, f"http://127.0.0.1:{port}/v1/status"))
        assert [row["name"] for row in status["gateways"]] == ["gateway", "gateway-1"]

        [killed] = ready(stack)["gateway-1"]
        os.kill(killed, signal.SIGKILL)
        await asyncio.to_thread(
            until, lambda: len(ready(stack)["gateway-1"]) == 2, what="the worker again"
        )
        lost = before["gateway-1"]
        await asyncio.to_thread(
            until,
            lambda: sum(len(reader.urls) > 1 for reader in readers) >= lost,
            what="clients back",
        )
        await heard(readers, [len(reader.trades) for reader in readers])
        for task in tasks:
            assert not task.done(), task.exception()
        await spread(stack, len(readers))
        for task in tasks:
            task.cancel()
        for reader in readers:
            assert reader.client.violations_total == 0
            assert reader.unaccounted(max(reader.trades)) == set()
            assert len(set(reader.urls)) == 1

        parent.kill()  # nobody asks its workers to end: the warden does
        await asyncio.to_thread(wait_gone, lambda: workers_alive(stack), 15)


def test_workers_drain_at_one_signal_and_share_their_port_with_nobody_else(stack):
    stack.lf("up", "-d", "nats")
    with stack.run_role("workers", "gateway", "--workers", "2", "--port", "0") as parent:
        until(lambda: len(ready(stack)) == 2, what="two workers")
        port = port_of(stack)
        for _ in range(2):
            document = json.loads(get(f"http://127.0.0.1:{port}/health"))
            assert document["http"] == f"http://127.0.0.1:{port}"
        with pytest.raises(urllib.error.HTTPError, match="404"):
            get(f"http://127.0.0.1:{port}/metrics")
        for again in (("--workers", "2"), ()):
            taken = stack.lf(
                "run", "gateway", "--port", port, "--instance", "other", *again, check=None
            )
            assert taken.returncode != 0
            assert "port_in_use" in taken.stderr
        parent.send_signal(signal.SIGTERM)
        assert parent.wait(30) == 0
        assert workers_alive(stack) == []


def test_a_worker_that_can_not_start_ends_them_all(stack):
    stack.lf("up", "-d", "nats")
    with stack.run_role("workers", "gateway", "--workers", "2", "--port", "0"):
        until(lambda: len(ready(stack)) == 2, what="two workers")
        second = stack.lf("run", "gateway", "--workers", "2", "--port", "0", check=None)
        assert second.returncode == 6
        assert "already_running" in second.stderr
        assert len(workers_alive(stack)) == 2
