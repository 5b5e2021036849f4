"""Fresh snapshots on demand: of books that are followed, so often and no more."""

from collections.abc import Sequence

from ledgerflux.core.client_session import ClientSession
from ledgerflux.core.limits import Limits
from ledgerflux.core.patterns import EVERYTHING, Chosen, choose
from ledgerflux.core.ratelimit import TokenBucket
from ledgerflux.core.request_desk import Refusal
from ledgerflux.model.units import NANOS_PER_MS, NANOS_PER_S

MINUTE_S = 60


class SnapshotDesk:
    """Grants one client's requests for snapshots: all of a request or nothing of it.

    Bounded: it remembers the streams asked for in the last second.
    """

    def __init__(self, session: ClientSession, limits: Limits, now_ns: int) -> None:
        self._session = session
        self._most = limits.snapshots_per_min
        self._bucket = TokenBucket(self._most, self._most, now_ns, per_s=MINUTE_S)
        self._every_ns = limits.snapshot_every_s * NANOS_PER_S
        self._asked_ns: dict[str, int] = {}

    def ask(self, channel: str, products: Sequence[str] | None, now_ns: int) -> list[str] | Refusal:
        """Send the books of `products` (ids and patterns, None for all) soon; return which.

        The answer must be put into the session before anything else happens.
        """
        if channel != "level2":
            return Refusal("invalid_param", "channel: only level2 has snapshots")
        held = [product for name, product in self._session.subscriptions if name == channel]
        chosen = choose([EVERYTHING] if products is None else products, held)
        refusal = self._refusal(chosen, held, now_ns)
        if refusal is not None:
            return refusal
        for product in chosen.products:
            self._asked_ns[product] = now_ns
            self._session.renew(("level2", product))
        return list(chosen.products)

    def _refusal(self, chosen: Chosen, held: Sequence[str], now_ns: int) -> Refusal | None:
        unknown = (*(text for text in chosen.exact if text not in held), *chosen.idle)
        if unknown:
            return Refusal("not_subscribed", "level2 is not subscribed", unknown)
        if len(chosen.products) > self._most:
            return Refusal("invalid_param", f"product_ids: at most {self._most} snapshots at once")
        self._forget(now_ns)
        again = tuple(product for product in chosen.products if product in self._asked_ns)
        if again:
            wait_ns = max(self._asked_ns[product] for product in again) + self._every_ns - now_ns
            return _throttled("one snapshot of a stream a second", again, wait_ns)
        wait_ns = self._bucket.take(now_ns, len(chosen.products))
        if wait_ns:
            return _throttled(f"{self._most} snapshots a minute", (), wait_ns)
        return None

    def _forget(self, now_ns: int) -> None:
        since_ns = now_ns - self._every_ns
        self._asked_ns = {name: at for name, at in self._asked_ns.items() if at > since_ns}


def _throttled(why: str, products: tuple[str, ...], wait_ns: int) -> Refusal:
    return Refusal("throttled", why, products, -(-wait_ns // NANOS_PER_MS))
