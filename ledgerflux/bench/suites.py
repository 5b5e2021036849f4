"""A suite from its options to its document."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import msgspec

from ledgerflux.bench import e2e, ingesting, normalizing
from ledgerflux.bench.evaluate import Document, Measured, SuiteName, compare, judge
from ledgerflux.bench.gateway import suite as gateway
from ledgerflux.bench.gateway.arena import Plan
from ledgerflux.bench.machine import doubt_of, look, machine_now
from ledgerflux.errors import ConfigError

SUITES: tuple[SuiteName, ...] = ("normalize", "ingest", "e2e", "gateway")
RATE_MAX = 1_000_000


class Options(NamedTuple):
    """What was asked for; `rate` None is the one of the must, `to_the_limit` climbs from it."""

    recordings: tuple[Path, ...] = ()
    duration_s: float = 5.0
    rate: int | None = None
    to_the_limit: bool = False
    peers: bool = False


def run_suite(suite: SuiteName, options: Options, tell: Callable[[str], None]) -> Document:
    """Measure, judge and return the document of `suite`; `tell` gets what is under way.

    Raises:
        FeedError: A recording can't be read.
        MissingDependency: A peer can't be installed.
    """
    tell("looking at what else this machine does")
    before = look()
    if suite in ("normalize", "ingest"):
        tell(f"measuring {suite}")
    measured = _measure(suite, options, tell)
    machine = machine_now(max(before, look()))
    if suite == "normalize":
        measured = [_beside(item, doubt_of(machine.others_cores)) for item in measured]
    return Document(suite, machine, judge(measured))


def _measure(suite: SuiteName, options: Options, tell: Callable[[str], None]) -> list[Measured]:
    recordings, duration_s, rate, to_the_limit, peers = options
    match suite:
        case "normalize":
            return normalizing.measure(recordings, duration_s, peers=peers)
        case "ingest":
            return ingesting.measure(recordings, duration_s, rate)
        case "e2e":
            return e2e.measure(recordings, duration_s, rate, tell, to_the_limit=to_the_limit)
        case "gateway":
            return gateway.measure(Plan(duration_s), tell, peers=peers)


def _beside(item: Measured, doubt: str) -> Measured:
    """Return `item` with a doubt about the machine, where what ran beside it can matter.

    Contestants that took turns suffered alike: their ratio stands.
    """
    ratio = item.key.startswith(("against_", "book_against_"))
    return item if ratio or item.doubt else msgspec.structs.replace(item, doubt=doubt)


def compared(document: Document, earlier: Document, tolerance: float) -> Document:
    """Return `document` with what is slower than in `earlier`.

    Raises:
        ConfigError: They are of different suites.
    """
    if earlier.suite != document.suite:
        raise ConfigError(
            f"--compare: that is lf bench {earlier.suite}, this is {document.suite}",
            code="bad_argument",
        )
    slower = compare(document.rows, earlier.rows, tolerance)
    return msgspec.structs.replace(document, slower=slower)


def read_document(path: Path) -> Document:
    """Return the earlier report at `path`.

    Raises:
        ConfigError: It is none.
    """
    try:
        return msgspec.json.decode(path.read_bytes(), type=Document)
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}", code="bad_argument") from error
    except msgspec.DecodeError as error:
        raise ConfigError(f"{path} is no lf.bench/1: {error}", code="bad_argument") from error


def read_rate(text: str | None) -> tuple[int | None, bool]:
    """Return rate and whether to climb of `--rate`: a number, `max`, or nothing.

    Raises:
        ConfigError: It is neither.
    """
    if text is None or text == "max":
        return None, text == "max"
    if not re.fullmatch(r"[0-9]{1,7}", text) or not 0 < int(text) <= RATE_MAX:
        raise ConfigError(
            f"--rate: {text!r} is no number of messages a second, nor max", code="bad_argument"
        )
    return int(text), False


def read_tolerance(text: str) -> float:
    """Return `--tolerance` (`10%`) as a share.

    Raises:
        ConfigError: It is no percentage.
    """
    found = re.fullmatch(r"([0-9]{1,3}(?:\.[0-9]{1,3})?)%", text)
    if found is None:
        raise ConfigError(
            f"--tolerance: {text!r} is no percentage such as 10%", code="bad_argument"
        )
    return float(found[1]) / 100
