"""The markets an exchange can serve: a recording from disk, or a made one."""

from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

from ledgerflux.adapters.recording_file import describe, read_lines
from ledgerflux.core.dialect import Hearing
from ledgerflux.core.market_source import MarketPlan, Source
from ledgerflux.core.recorded_market import RecordedMarket
from ledgerflux.core.recording_survey import CHANNELS
from ledgerflux.core.synthetic import RATE_DEFAULT, SyntheticMarket
from ledgerflux.errors import ConfigError
from ledgerflux.model.events import Event
from ledgerflux.venues.base import Refused
from ledgerflux.venues.registry import venue
from ledgerflux.venues.servers import server

VENUE_DEFAULT = "coinbase-advanced"
SEED_DEFAULT = 1


class ReplayPlan:
    """Plays the recording at `path`, in the dialect it was recorded in.

    `products` narrows what consumers are told to subscribe and what the market waits for; the
    exchange serves all.

    Raises:
        FeedError: `bad_recording`.
        ConfigError: None of `products` is in the recording.
    """

    def __init__(self, path: Path, products: Sequence[str] | None = None) -> None:
        described = describe(path)
        self._path = path
        self.name = f"replay:{path.name}"
        self.identity = f"replay:{described.sha256}"
        self.hearing: Hearing = server(described.venue)
        self.channels = described.survey.channels
        with_data = {product for _, product in described.survey.pairs}
        held = tuple(product for product in described.survey.products if product in with_data)
        self.products = held if products is None else _narrowed(held, products, path)
        told = {*self.products, ""}
        pairs = frozenset(pair for pair in described.survey.pairs if pair[1] in told)
        self._survey = described.survey._replace(pairs=pairs)
        self._venue = venue(described.venue)

    def open(self, kept: bytes | None, wall_ns: int, *, loop: bool) -> Source:  # noqa: ARG002
        """Return the recording from its first frame on; nothing is ever kept of it."""
        return RecordedMarket(
            lambda: read_lines(self._path), self._survey, self.hearing, self._parse, loop=loop
        )

    def _parse(self, frame: bytes) -> list[Event] | None:
        try:
            return self._venue.parse(frame).events
        except Refused:
            return None


class SyntheticPlan:
    """Makes a market of `products` with `rate_per_s` frames a second.

    Raises:
        ConfigError: No exchange of ours speaks `venue_name`.
    """

    def __init__(
        self,
        products: Sequence[str],
        *,
        rate_per_s: float = RATE_DEFAULT,
        seed: int = SEED_DEFAULT,
        venue_name: str = VENUE_DEFAULT,
    ) -> None:
        self._rate_per_s = rate_per_s
        self._seed = seed
        self.name = f"synthetic:{rate_per_s:g}"
        self._speaking = server(venue_name)
        self.hearing: Hearing = self._speaking
        self.products = tuple(products)
        self.channels: tuple[str, ...] = CHANNELS
        terms = f"{rate_per_s!r}/{seed}/{venue_name}/{','.join(products)}"
        self.identity = f"synthetic/2:{sha256(terms.encode()).hexdigest()}"

    def open(self, kept: bytes | None, wall_ns: int, *, loop: bool) -> Source:  # noqa: ARG002
        """Return the market, which has no end."""
        return SyntheticMarket(
            self.products,
            self._speaking,
            rate_per_s=self._rate_per_s,
            seed=self._seed,
            wall_ns=wall_ns,
            saved=kept,
        )


def market_plan(
    source: str,
    products: Sequence[str] | None,
    *,
    venue_name: str = VENUE_DEFAULT,
    seed: int = SEED_DEFAULT,
) -> MarketPlan:
    """Return the plan of `replay:FILE` or `synthetic[:RATE]`.

    `products`: those of the made market; for a recording, None means all that it holds.

    Raises:
        ConfigError: `source` is neither, or has no products.
        FeedError: The recording can't be read.
    """
    kind, _, rest = source.partition(":")
    if kind == "replay" and rest:
        return ReplayPlan(Path(rest), products)
    if kind != "synthetic":
        raise ConfigError(f"an exchange can't serve {source!r}", code="bad_argument")
    if not products:
        raise ConfigError("a synthetic market needs products", code="bad_argument")
    rate_per_s = float(rest) if rest else RATE_DEFAULT
    return SyntheticPlan(products, rate_per_s=rate_per_s, seed=seed, venue_name=venue_name)


def _narrowed(held: Sequence[str], asked: Sequence[str], path: Path) -> tuple[str, ...]:
    kept = tuple(product for product in held if product in asked)
    if not kept:
        raise ConfigError(
            f"{path.name} holds none of {', '.join(asked)}: it holds {', '.join(held)}",
            code="bad_argument",
        )
    return kept
