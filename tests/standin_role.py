"""A role that only says that it is ready: `standin_role.py ROLE --data-dir DIR ...`.

A file `DIR/../ROLE.behaviour` changes what it does: `exit CODE`, `end` (exit 0 when it has
been ready), `stubborn` (ignores SIGTERM), `silent` (never ready).
"""

import asyncio
import contextlib
import os
import signal
import sys
import time
from pathlib import Path

import msgspec

from ledgerflux.adapters.nats_bus import NatsBus
from ledgerflux.errors import BusError
from ledgerflux.stack.run_dir import RunDir
from ledgerflux.wire.health import HEALTH_BUCKET, Health, PartitionHealth


async def main():
    role, data_dir = sys.argv[1], Path(sys.argv[sys.argv.index("--data-dir") + 1])
    behaviour = data_dir.with_name(f"{role}.behaviour")
    words = behaviour.read_text().split() if behaviour.exists() else []
    if words[:1] == ["exit"]:
        print("error[test]: told to exit", file=sys.stderr)
        return int(words[1])
    if words == ["stubborn"]:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    else:
        signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    instance = sys.argv[sys.argv.index("--shard") + 1] if "--shard" in sys.argv else "0"
    run = RunDir(data_dir).read()
    nats = run.nats
    held = [PartitionHealth(1, ["BTC-USD"], raw=1, raw_head=1, norm=1)]
    async with NatsBus.open(nats.url, user=nats.user, password=nats.password) as bus:
        ended = time.monotonic() + 1.0
        while True:
            state = "starting" if words == ["silent"] else "ready"
            now_ns = time.time_ns()
            rows = [] if role == "exchange" else held
            health = Health(role, instance, os.getpid(), state, now_ns, now_ns, partitions=rows)
            with contextlib.suppress(BusError):
                await bus.put(HEALTH_BUCKET, health.key, msgspec.json.encode(health))
            if words == ["end"] and time.monotonic() > ended:
                return 0
            await asyncio.sleep(0.1)


sys.exit(asyncio.run(main()))
