"""A load test that is over: what its worker told, and the report made of it."""

from ledgerflux.loadtest.assemble import Facts, Target, assemble
from ledgerflux.loadtest.measurement import Measurement
from ledgerflux.loadtest.observer import Observer
from ledgerflux.loadtest.orders import ClientReport, Counts, Final, Progress
from ledgerflux.loadtest.plan import LoadPlan, Times
from ledgerflux.loadtest.recovery import Recovered
from ledgerflux.loadtest.verdict import parse_slos

_SECOND = 1_000_000_000
_TIMES = Times(0, _SECOND, 11 * _SECOND, 1_700_000_000 * _SECOND)


def _progress(at_s, cpu_s, **counts):
    return Progress(
        time_ns=at_s * _SECOND,
        connected=2,
        subscribed=2,
        books=4,
        books_live=3,
        stalest_ns=None,
        counts=Counts(**counts),
        cpu_ns=int(cpu_s * _SECOND),
        latency=[(1500, 90), (40_000, 10)],
        latency_slow=[(90_000, 5)],
        first_snapshot=[(18_000, 2)],
        lag=[(1100, 50)],
    )


def made(slos=("p95=50ms", "gaps=0", "cpu=50%", "rss=1MiB", "recovery=1s"), **counts):
    """Return what two clients of one worker told, and its report."""
    measured = Measurement(1, _TIMES.from_ns, _TIMES.until_ns)
    measured.take(0, _progress(2, 1.0))
    client = ClientReport(1, False, False, 10, 0, 0, 0, 0, 2, 2, "", 1500, 40_000, 41_000, 42_000)
    measured.finish(0, Final(_progress(10, 5.0, **counts), [client]))
    observer = Observer("http://x", 0, 0)
    facts = Facts(LoadPlan(), Target("http://x"), _TIMES, "synthetic:1000", planned=True, served=1)
    ended = facts.ended(20 * _SECOND, 0.0, interrupted=False)
    recovered = [Recovered("restart ingest", 0.5)]
    return measured, assemble(ended, measured, observer, parse_slos(slos, ()), recovered)
