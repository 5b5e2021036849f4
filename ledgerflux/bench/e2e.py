"""Whole stacks: what they carry, use and need to start; by `lf up` and `lf loadtest`."""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from ledgerflux.bench.evaluate import Measured
from ledgerflux.bench.lab import LF, Lab, Use, open_lab, reason_of
from ledgerflux.bench.machine import Neighbours, doubt_of
from ledgerflux.bench.paced import Paced, write_made, write_recorded
from ledgerflux.errors import LedgerFluxError

P99_MAX_MS = 100.0
HELD_MIN = 0.97
"""So much of the rate asked for must have come."""
RATE_MADE = 30_000
RATE_ADVANCED = 15_000
STEPS_UP = (1.5, 2.0, 2.5, 3.0)
STEPS_DOWN = (0.8, 0.6, 0.45, 0.3, 0.2, 0.1)
"""What `--rate max` tries, in multiples of the must, where that was carried or was not."""
LEVELS = 500_000
SETTLE_S = 3.0
ONE_NORMALIZER = ("--shards", "1")

Figures = Callable[[], Iterator[Measured]]


def measure(
    recordings: Sequence[Path],
    duration_s: float,
    rate: int | None,
    tell: Callable[[str], None],
    *,
    to_the_limit: bool,
) -> list[Measured]:
    """Return the figures of `lf bench e2e`; what fails is named and the others still come."""
    advanced = [path for path in recordings if "advanced" in path.name]
    work: list[tuple[Sequence[str], Figures]] = [
        (("version", "help"), commands),
        (("up_warm", "idle_cpu", "idle_memory", "restart"), lambda: idle(duration_s)),
        (("role_cpu",), lambda: _roles_at_1k(duration_s)),
        (("stack_cpu",), lambda: _stack_at_5k(duration_s)),
        (("levels_memory",), levels_memory),
        (("e2e_made",), lambda: _whole_made(duration_s, rate, to_the_limit=to_the_limit)),
        (("e2e_flurries",), lambda: _whole_flurries(duration_s, rate, to_the_limit=to_the_limit)),
        (
            ("e2e_advanced",),
            lambda: _whole_advanced(advanced, duration_s, rate, to_the_limit=to_the_limit),
        ),
    ]
    found: list[Measured] = []
    for keys, figures in work:
        tell(f"measuring {', '.join(keys)}")
        found += _guarded(keys, figures)
    return found


def _guarded(keys: Sequence[str], figures: Figures) -> Iterator[Measured]:
    seen = set()
    try:
        for item in figures():
            seen.add(item.key)
            yield item
    except LedgerFluxError as error:
        for key in keys:
            if key not in seen:
                yield Measured(key, None, "", reason_of(error))


def commands() -> Iterator[Measured]:
    """Measure how long `lf version` and `lf --help` take, best of five."""
    neighbours = Neighbours()
    for key, argument in (("version", "version"), ("help", "--help")):
        times = []
        for _ in range(5):
            begin = time.perf_counter()
            subprocess.run([*LF, argument], stdout=subprocess.DEVNULL, check=True)  # noqa: S603
            times.append((time.perf_counter() - begin) * 1000)
        doubt = doubt_of(neighbours.cores())
        yield Measured(key, round(min(times)), "wall time, best of 5, files in memory", doubt)


def idle(duration_s: float) -> Iterator[Measured]:
    """Measure a warm start, the stack while the market is paused, and a restart."""
    with open_lab() as lab:
        with lab.up("--paused"):
            pass
        neighbours = Neighbours(lab.stack_s)
        with lab.up("--paused") as seconds:
            doubt = doubt_of(neighbours.cores())
            yield Measured("up_warm", round(seconds, 2), "second start in a directory", doubt)
            time.sleep(SETTLE_S)
            neighbours = Neighbours(lab.stack_s)
            use = lab.use(duration_s)
            doubt = doubt_of(neighbours.cores())
            conditions = f"8 products, 4 shards, market paused, {duration_s:.0f} s"
            yield Measured("idle_cpu", round(use.total_cores * 100, 1), conditions, doubt)
            memory = sum(use.rss_bytes.values()) / 1e6
            yield Measured("idle_memory", round(memory), f"{conditions}; RSS of all, shared twice")
        with lab.up("--source", "synthetic:1000"):
            time.sleep(SETTLE_S)
            neighbours = Neighbours(lab.stack_s)
            seconds = lab.restart_s("normalize-0")
            doubt = doubt_of(neighbours.cores())
            conditions = "kill -9 at synthetic:1000 until its health record says ready"
            yield Measured("restart", round(seconds, 2), conditions, doubt)


def _roles_at_1k(duration_s: float) -> Iterator[Measured]:
    use, doubt, conditions = _steady(1_000, duration_s)
    name, cores = max(use.cores.items(), key=lambda item: item[1])
    each = ", ".join(f"{name} {share:.0%}" for name, share in sorted(use.cores.items()))
    conditions = f"{conditions}; busiest: {name}; all: {each}"
    yield Measured("role_cpu", round(cores * 100, 1), conditions, doubt)


def _stack_at_5k(duration_s: float) -> Iterator[Measured]:
    use, doubt, conditions = _steady(5_000, duration_s)
    yield Measured("stack_cpu", round(use.total_cores, 2), conditions, doubt)


def _steady(rate: int, duration_s: float) -> tuple[Use, str, str]:
    """Return what a stack uses at `rate`, and why that may not be trusted."""
    with open_lab() as lab, lab.up("--source", f"synthetic:{rate}"):
        time.sleep(SETTLE_S)
        neighbours, sent = Neighbours(lab.stack_s), lab.sent()
        begin = time.monotonic()
        use = lab.use(duration_s)
        held = (lab.sent() - sent) / (time.monotonic() - begin)
        doubt = doubt_of(neighbours.cores())
    if held < HELD_MIN * rate:
        doubt = doubt or f"the market held {held:,.0f} of {rate:,} msg/s"
    return use, doubt, f"synthetic:{rate}, held {held:,.0f} msg/s, {duration_s:.0f} s, no clients"


def levels_memory() -> Iterator[Measured]:
    """Measure a process that holds books as a normalizer does."""
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-m", "ledgerflux.bench.hold_levels", str(LEVELS)],
        capture_output=True,
        text=True,
        check=True,
    )
    held = json.loads(done.stdout)
    conditions = f"{held['levels']:,} levels of {held['products']} products, RSS with a bus client"
    yield Measured("levels_memory", round(held["rss_bytes"] / 1e6), conditions)


def _whole_made(duration_s: float, rate: int | None, *, to_the_limit: bool) -> Iterator[Measured]:
    once = _looped(write_made, duration_s)
    yield _climb("e2e_made", rate or RATE_MADE, once, to_the_limit=to_the_limit)


def _whole_flurries(
    duration_s: float, rate: int | None, *, to_the_limit: bool
) -> Iterator[Measured]:
    def once(lab: Lab, rate: int) -> tuple[dict[str, Any], str]:
        with lab.up(*ONE_NORMALIZER, "--source", f"synthetic:{rate}"):
            return _loaded(lab, duration_s), f"synthetic:{rate}, in flurries"

    yield _climb("e2e_flurries", rate or RATE_MADE, once, to_the_limit=to_the_limit)


def _whole_advanced(
    recordings: Sequence[Path], duration_s: float, rate: int | None, *, to_the_limit: bool
) -> Iterator[Measured]:
    if not recordings:
        yield Measured("e2e_advanced", None, "", "no recording: lf bench e2e --recording FILE")
        return
    once = _looped(lambda target, rate: write_recorded(target, recordings[0], rate), duration_s)
    yield _climb("e2e_advanced", rate or RATE_ADVANCED, once, to_the_limit=to_the_limit)


def _looped(
    write: Callable[[Path, int], Paced], duration_s: float
) -> Callable[[Lab, int], tuple[dict[str, Any], str]]:
    """Return the measurement of a market that `write` makes."""

    def once(lab: Lab, rate: int) -> tuple[dict[str, Any], str]:
        file = lab.data_dir.parent / "paced.lfr"
        told = write(file, rate)
        with lab.up(*ONE_NORMALIZER, "--source", f"replay:{file}", "--at-end", "loop"):
            return _loaded(lab, duration_s), told.conditions

    return once


def _climb(
    key: str,
    rate: int,
    once: Callable[[Lab, int], tuple[dict[str, Any], str]],
    *,
    to_the_limit: bool,
) -> Measured:
    """Return what was carried of `rate`, or the highest rate that was."""

    def carry(asked: int) -> Measured:
        with open_lab() as lab:
            neighbours = Neighbours(lab.stack_s)
            report, source = once(lab, asked)
            doubt = doubt_of(neighbours.cores())
        return carried(key, asked, report, source, doubt)

    return highest(rate, carry) if to_the_limit else carry(rate)


def highest(rate: int, carry: Callable[[int], Measured]) -> Measured:
    """Return what `carry` found at the highest rate that was carried, looked for from `rate` on.

    Below it whatever made `rate` doubtful stays a doubt: with a faster client it might be more.
    """
    best = first = carry(rate)
    if first.value == rate:
        for asked in (round(rate * step) for step in STEPS_UP):
            found = carry(asked)
            if found.value != asked:
                break
            best = found
        return best
    for asked in (round(rate * step) for step in STEPS_DOWN):
        found = carry(asked)
        if found.value == asked:
            doubt = f"at {rate:,}: {first.doubt}" if first.doubt else ""
            return Measured(found.key, found.value, found.conditions, doubt)
    return first


def carried(key: str, rate: int, report: dict[str, Any], source: str, doubt: str) -> Measured:
    """Return what a report of `lf loadtest` says of `rate`: the rate itself where it was carried.

    Else the rate that was held, or 0 where something was lost or the p99 was too long, and why
    that may not be trusted: a client that was too slow, or `doubt`.
    """
    latency = report["latency_ms"]["all"] or {"p50": None, "p99": None}
    lost = report["integrity"]["gaps"] + report["integrity"]["violations"]
    held = report["rate"]["held"] or 0.0
    conditions = (
        f"{source}; one client, p50 {_ms(latency['p50'])}, p99 {_ms(latency['p99'])}, "
        f"{lost} lost, held {held:,.0f} msg/s"
    )
    generator = report["generator"]
    if not generator["valid"]:
        doubt = f"the client: {'; '.join(generator['doubts'])}"
    good = lost == 0 and latency["p99"] is not None and latency["p99"] < P99_MAX_MS
    value = float(round(held)) if good else 0.0
    if value >= HELD_MIN * rate:
        return Measured(key, float(rate), conditions)
    return Measured(key, value, conditions, doubt)


def _ms(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f} ms"


def _loaded(lab: Lab, duration_s: float) -> dict[str, Any]:
    """Return the report of one client that follows every book for `duration_s`."""
    _, text = lab.command(
        "loadtest",
        *("--clients", "1", "--duration", f"{duration_s:.0f}s", "--ramp", f"{SETTLE_S:.0f}s"),
        *("--products", "all", "--slo", "none", "--no-live", "--json", "-"),
    )
    report: dict[str, Any] = json.loads(text)
    return report
