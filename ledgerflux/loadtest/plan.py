"""What a load test is asked to do, and the orders that its workers get."""

import re
from collections.abc import Sequence
from typing import Annotated, Literal, NamedTuple, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from ledgerflux.client.way import usual_way
from ledgerflux.loadtest.orders import ClientOrder, Order
from ledgerflux.settings import DEFAULT_PRODUCTS

Scenario = Literal["basic", "load", "recovery", "performance"]
Channel = Literal["level2", "trades", "ticker", "status"]
Share = Annotated[float, Field(ge=0, allow_inf_nan=False)]

DEFAULT_SOURCE = "synthetic:1000"
DEFAULT_SLOS = ("p95=100ms", "gaps=0", "violations=0", "errors=0", "disconnects=0")
OWN_PRODUCTS = (
    *DEFAULT_PRODUCTS,
    "LINK-USD",
    "DOT-USD",
    "BCH-USD",
    "UNI-USD",
    "ATOM-USD",
    "ETC-USD",
    "XLM-USD",
    "FIL-USD",
)
"""Those of a stack that is started for the test: sixteen."""
EACH = ("3-each",)
"""What `lf loadtest` has its clients follow (docs/decisions/0015)."""
CLIENTS_MAX = 100_000
_EACH = re.compile(r"([1-9][0-9]{0,3})-each", re.ASCII)


class Preset(NamedTuple):
    """A scenario of the testing guide: what it changes, and its thresholds."""

    values: dict[str, object]
    slos: tuple[str, ...]


_CORRECT = ("gaps=0", "violations=0", "errors=0", "disconnects=0")
SCENARIOS: dict[Scenario, Preset] = {
    "basic": Preset(
        {"clients": 1, "duration_s": 30.0, "ramp_s": 0.0, "products": ()},
        ("snapshots=1", *_CORRECT),
    ),
    "load": Preset(
        {"clients": 10, "duration_s": 60.0, "ramp_s": 5.0, "greedy": 1},
        ("throttled=1", *_CORRECT),
    ),
    "recovery": Preset(
        {"clients": 10, "duration_s": 0.0, "ramp_s": 2.0}, ("violations=0", "recovery=15s")
    ),
    "performance": Preset(
        {"clients": 100, "duration_s": 60.0, "ramp_s": 5.0, "source": "synthetic:1200"},
        ("p95=100ms", "min_rate=1000", "cpu=50%", "rss=512MiB", *_CORRECT),
    ),
}
"""The numbers are those of the first project's testing guide; a recovery ends when it ends."""


class LoadPlan(BaseModel):
    """What was asked for.

    Attributes:
        clients: How many connect; the first `slow` of them read slowly.
        greedy: Clients beside them that ask more often than they may.
        duration_s: The measured time, after `ramp_s` in which they connect.
        products: What each follows: all, a list of ids, or `N-each` in turn.
        churn_per_s: Reconnects a second of all together.
        compress: Whether they ask for compressed messages.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    clients: Annotated[int, Field(ge=1, le=CLIENTS_MAX)] = 100
    duration_s: Share = 30.0
    ramp_s: Share = 5.0
    products: tuple[str, ...] = ()
    channels: Annotated[tuple[Channel, ...], Field(min_length=1)] = ("level2",)
    slow: Annotated[int, Field(ge=0)] = 0
    greedy: Annotated[int, Field(ge=0)] = 0
    churn_per_s: Share = 0.0
    compress: bool = False
    processes: Annotated[int, Field(ge=1, le=64)] = 1
    seed: int = 1
    name: str = ""
    scenario: Scenario | None = None

    @field_validator("products")
    @classmethod
    def _counted(cls, products: tuple[str, ...]) -> tuple[str, ...]:
        for text in products:
            if text.lower().endswith("-each") and (len(products) > 1 or not _EACH.fullmatch(text)):
                raise ValueError(f"{text!r} is no N-each such as 3-each")
        return products

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.slow > self.clients:
            raise ValueError(f"{self.slow} slow ones of {self.clients} clients")
        if self.processes > self.clients:
            raise ValueError(f"{self.processes} processes for {self.clients} clients")
        return self

    @property
    def each(self) -> int | None:
        """Return N of `N-each`."""
        match = _EACH.fullmatch(self.products[0]) if len(self.products) == 1 else None
        return None if match is None else int(match[1])

    def each_of(self, served: int) -> int | None:
        """Return how many of `served` products a client follows in turn; None: no `N-each`."""
        return None if self.each is None else min(self.each, served)

    def products_of(self, number: int, served: Sequence[str]) -> list[str] | None:
        """Return what client `number` follows of the products `served`, None for all."""
        wanted = self.each_of(len(served))
        if wanted is None:
            return list(self.products) or None
        return [served[(number * wanted + step) % len(served)] for step in range(wanted)]


class Times(NamedTuple):
    """Monotonic nanoseconds: the first client connects, measuring begins, and ends."""

    begin_ns: int
    from_ns: int
    until_ns: int
    wall_offset_ns: int


def orders(
    plan: LoadPlan, url: str, served: Sequence[str], times: Times, *, planned: bool, tick_s: float
) -> list[Order]:
    """Return the order of each process: clients in turn, connecting evenly over the ramp.

    They come to the gateway as this process would.
    """
    together = plan.clients + plan.greedy
    ramp_ns = times.from_ns - times.begin_ns
    way = usual_way()
    clients = [
        ClientOrder(
            number=number,
            products=plan.products_of(number, served),
            start_ns=times.begin_ns + ramp_ns * number // together,
            slow=number < plan.slow,
            greedy=number >= plan.clients,
        )
        for number in range(together)
    ]
    return [
        Order(
            url=url,
            channels=list(plan.channels),
            clients=clients[process :: plan.processes],
            from_ns=times.from_ns,
            until_ns=times.until_ns,
            wall_offset_ns=times.wall_offset_ns,
            planned=planned,
            churn_per_s=plan.churn_per_s / plan.processes,
            seed=plan.seed + process,
            tick_s=tick_s,
            compress=plan.compress,
            ca_file=None if way.ca_file is None else str(way.ca_file),
            certificate=None if way.certificate is None else str(way.certificate),
            token=way.token,
        )
        for process in range(plan.processes)
    ]
