"""Keeps ports forwarded: one kubectl a port, started anew when it ends.

`kubectl port-forward` ends when the pod behind it goes, or when a connection idles.
"""

import asyncio
import random
import time
from collections.abc import Sequence
from pathlib import Path

from ledgerflux.adapters.process import Child, Command
from ledgerflux.core.backoff import Backoff
from ledgerflux.stack.run_dir import RunDir

GRACE_S = 2.0


async def keep(name: str, argv: Sequence[str], log: Path) -> None:
    """Run `argv` for ever, again and again, with growing pauses; cancelled, it ends the child."""
    backoff = Backoff(base_s=0.2, cap_s=5.0, calm_s=10.0)
    while True:
        child = await Child.spawn(Command(tuple(argv), log))
        try:
            await child.wait()
        finally:
            if child.returncode is None:
                await child.stop(GRACE_S)
        backoff.clean(time.monotonic_ns())
        pause_s = backoff.fail(random.random())  # noqa: S311 - no secret
        with log.open("a") as written:
            written.write(f"{name}: ended, again in {pause_s:.1f} s\n")
        await asyncio.sleep(pause_s)


async def keep_all(run_dir: RunDir, commands: dict[str, Sequence[str]]) -> None:
    """Keep a forward for each of `commands`, by name; until cancelled."""
    run_dir.logs.mkdir(parents=True, exist_ok=True)
    async with asyncio.TaskGroup() as group:
        for name, argv in commands.items():
            group.create_task(keep(name, argv, run_dir.log(f"forward-{name}")))
