"""What the parent tells a worker, and what a worker tells it back: JSON, a line each."""

from pathlib import Path

import msgspec

from ledgerflux.client.way import Way
from ledgerflux.wire.gateway_reading import Place

Cells = list[tuple[int, int]]
"""Cells of a tally in microseconds, and their counts."""


class ClientOrder(msgspec.Struct, frozen=True):
    """One client: its number in the whole test, what it follows, and how it behaves.

    `products` None means all. `start_ns` is when it connects. A `slow` one stops reading again
    and again, a `greedy` one asks more often than it may.
    """

    number: int
    products: list[str] | None
    start_ns: int
    slow: bool = False
    greedy: bool = False


class Order(msgspec.Struct, frozen=True):
    """The first line a worker gets; times are monotonic nanoseconds of this machine.

    Updates count whose time lies in [`from_ns`, `until_ns`). `wall_offset_ns` is the wall
    clock minus the monotonic one. `churn_per_s` reconnects a second are this worker's share.
    With `compress` messages are asked for compressed. `ca_file`, `certificate` and `token` are
    those of `client.way.Way`.
    """

    url: str
    channels: list[str]
    clients: list[ClientOrder]
    from_ns: int
    until_ns: int
    wall_offset_ns: int
    planned: bool
    churn_per_s: float = 0.0
    seed: int = 1
    tick_s: float = 0.25
    compress: bool = False
    ca_file: str | None = None
    certificate: str | None = None
    token: str | None = None

    @property
    def way(self) -> Way:
        """Return how its clients come to the gateway."""
        ca_file = None if self.ca_file is None else Path(self.ca_file)
        certificate = None if self.certificate is None else Path(self.certificate)
        return Way(ca_file=ca_file, certificate=certificate, token=self.token)


class Finish(msgspec.Struct, frozen=True):
    """The last line a worker gets: wait for these heads (by channel and product), then report.

    Without heads it reports at once.
    """

    heads: dict[str, dict[str, Place]] = {}


class Counts(msgspec.Struct):
    """Totals of some clients.

    `missed` counts seqs by "product channel cause", of clients that read at full speed;
    `skipped` the same of slow ones. `errors` by code, `disconnects` by close code, those
    nobody asked for. Updates are those of the measured time.
    """

    messages: int = 0
    received_bytes: int = 0
    updates: int = 0
    updates_slow: int = 0
    snapshots: int = 0
    missed: dict[str, int] = {}
    skipped: dict[str, int] = {}
    violations: int = 0
    duplicates: int = 0
    out_of_order: int = 0
    epochs: int = 0
    errors: dict[str, int] = {}
    disconnects: dict[str, int] = {}
    slow_disconnects: int = 0
    reconnects: int = 0
    connect_failures: int = 0
    throttled: int = 0
    negative: int = 0
    untimed: int = 0


class Progress(msgspec.Struct, tag="progress"):
    """A worker's line four times a second: totals so far, and cells since the last line.

    `stalest_ns` is the oldest of the newest update times of all books, as wall time; None
    while one has none. `lag` are delays of the worker's own loop.
    """

    time_ns: int
    connected: int
    subscribed: int
    books: int
    books_live: int
    stalest_ns: int | None
    counts: Counts
    cpu_ns: int
    latency: Cells
    latency_slow: Cells
    first_snapshot: Cells
    lag: Cells


class ClientReport(msgspec.Struct, frozen=True):
    """What one client saw in the whole test; latencies in microseconds, two digits exact."""

    number: int
    slow: bool
    greedy: bool
    updates: int
    missed: int
    violations: int
    duplicates: int
    out_of_order: int
    books: int
    books_live: int
    why: str = ""
    p50: int | None = None
    p95: int | None = None
    p99: int | None = None
    max: int | None = None


class Final(msgspec.Struct, frozen=True, tag="final"):
    """A worker's last line."""

    progress: Progress
    clients: list[ClientReport]
