"""Thresholds and validity: what was asked of a measurement, and whether it can be trusted. Pure."""

import re
from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

from ledgerflux.errors import ConfigError

Unit = Literal["ms", "s", "share", "bytes", "count", "per_s"]
Verdict = Literal["pass", "fail", "invalid"]

PASS, INVALID, FAILED = 0, 98, 99
EXIT_CODES: Mapping[Verdict, int] = {"pass": PASS, "invalid": INVALID, "fail": FAILED}

LAG_P99_MS_MAX = 5.0
CPU_SHARE_MAX = 0.90
CLOCK_JUMP_MS_MAX = 5.0
NEGATIVE_SHARE_MAX = 0.001
RATE_SHARE_MIN = 0.90
STATUS_SLACK_S = 1.5
"""Counts in a status are up to a second old at both ends of a measurement."""

KEYS: Mapping[str, Unit] = {
    "p50": "ms",
    "p95": "ms",
    "p99": "ms",
    "gaps": "count",
    "violations": "count",
    "errors": "count",
    "disconnects": "count",
    "min_rate": "per_s",
    "cpu": "share",
    "rss": "bytes",
    "recovery": "s",
    "snapshots": "count",
    "throttled": "count",
}
AT_LEAST = ("min_rate", "snapshots", "throttled")
"""Of these the limit is the least that is allowed, of the others the most."""
FACTS = ("violations",)
"""A failure of these is one whatever the generator was like: it can't make them."""

_VALUE = re.compile(r"([0-9]+(?:\.[0-9]+)?)(us|ms|s|%|KiB|MiB|GiB)?", re.ASCII)
_SCALES: Mapping[Unit, Mapping[str | None, float]] = {
    "ms": {"us": 0.001, "ms": 1.0, "s": 1000.0},
    "s": {"ms": 0.001, "s": 1.0},
    "share": {"%": 0.01},
    "bytes": {"KiB": 1024.0, "MiB": 1024.0**2, "GiB": 1024.0**3},
    "count": {None: 1.0},
    "per_s": {None: 1.0},
}
_FORMS: Mapping[Unit, str] = {
    "ms": "100ms",
    "s": "10s",
    "share": "50%",
    "bytes": "512MiB",
    "count": "0",
    "per_s": "1000",
}


class Slo(NamedTuple):
    """A threshold; `limit` is in milliseconds, seconds, a share of a core, bytes or a count."""

    key: str
    limit: float

    @property
    def unit(self) -> Unit:
        """Return the unit of its limit."""
        return KEYS[self.key]


class Judged(NamedTuple):
    """A threshold and what was measured; None: it could not be measured, which fails."""

    slo: Slo
    actual: float | None

    @property
    def ok(self) -> bool:
        """Say whether it was met."""
        if self.actual is None:
            return False
        if self.slo.key in AT_LEAST:
            return self.actual >= self.slo.limit
        return self.actual <= self.slo.limit


class Generator(NamedTuple):
    """What says whether a measurement can be trusted.

    `cpu` is the busiest worker's share of a core; `asked_rate` None where nobody said how
    fast the source is; `negative_share` of the latencies were below zero; `unreported` workers
    did not come to tell how it ended.
    """

    updates: int
    lag_p99_ms: float | None
    cpu: float | None
    clock_jump_ms: float
    negative_share: float
    asked_rate: float | None
    held_rate: float | None
    seconds: float
    unreported: int = 0


def parse_slo(text: str) -> Slo:
    """Read `KEY=LIMIT`.

    Raises:
        ConfigError: It is none (`bad_argument`).
    """
    key, found, value = text.partition("=")
    if not found or key not in KEYS:
        raise ConfigError(
            f"--slo: {text!r} is no threshold: KEY=LIMIT with {', '.join(KEYS)}; or none",
            code="bad_argument",
        )
    unit = KEYS[key]
    match = _VALUE.fullmatch(value)
    scale = None if match is None else _SCALES[unit].get(match[2])
    if match is None or scale is None:
        raise ConfigError(
            f"--slo: {value!r} is no limit for {key}, such as {key}={_FORMS[unit]}",
            code="bad_argument",
        )
    return Slo(key, float(match[1]) * scale)


def parse_slos(texts: Sequence[str], defaults: Sequence[str]) -> list[Slo]:
    """Read the thresholds asked for; `defaults` where none were, nothing for `none`.

    Raises:
        ConfigError: One is no threshold, or `none` does not stand alone (`bad_argument`).
    """
    if list(texts) == ["none"]:
        return []
    slos = {slo.key: slo for slo in map(parse_slo, texts or defaults)}
    return list(slos.values())


def judge(slos: Sequence[Slo], actuals: Mapping[str, float | None]) -> list[Judged]:
    """Return each threshold with what was measured."""
    return [Judged(slo, actuals.get(slo.key)) for slo in slos]


def doubts(generator: Generator) -> list[str]:
    """Return why the measurement can't be trusted, nothing where it can."""
    found: list[str] = []
    lag, cpu = generator.lag_p99_ms, generator.cpu
    if generator.updates == 0:
        found.append("no update was received in the measured time")
    if generator.unreported:
        found.append(
            f"generator saturated: {generator.unreported} of its processes could not report in time"
        )
    if lag is not None and lag > LAG_P99_MS_MAX:
        found.append(
            f"generator saturated: its loop was {lag:.1f} ms late at p99 (limit {LAG_P99_MS_MAX:g})"
        )
    if cpu is not None and cpu > CPU_SHARE_MAX:
        found.append(f"generator saturated: {cpu:.0%} of a core (limit {CPU_SHARE_MAX:.0%})")
    if abs(generator.clock_jump_ms) > CLOCK_JUMP_MS_MAX:
        found.append(f"the clock jumped by {generator.clock_jump_ms:.1f} ms")
    if generator.negative_share > NEGATIVE_SHARE_MAX:
        found.append(
            f"{generator.negative_share:.1%} of the updates came before their time: "
            "the source has another clock or speed"
        )
    found += _rate_doubts(generator)
    return found


def _rate_doubts(generator: Generator) -> list[str]:
    asked, held = generator.asked_rate, generator.held_rate
    if asked is None or held is None:
        return []
    slack = STATUS_SLACK_S / max(generator.seconds, STATUS_SLACK_S)
    if held >= asked * min(RATE_SHARE_MIN, 1 - slack):
        return []
    return [f"the source held {held:,.0f}/s of {asked:,.0f}/s asked"]


def verdict(judged: Sequence[Judged], reasons: Sequence[str]) -> Verdict:
    """Return what to call it: a breach no generator can make counts even in a bad measurement."""
    failed = [one.slo.key for one in judged if not one.ok]
    if any(key in FACTS for key in failed):
        return "fail"
    if reasons:
        return "invalid"
    return "fail" if failed else "pass"
