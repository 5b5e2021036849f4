"""Who follows which stream: sessions alone, and cohorts of sessions that are told the same."""

from collections.abc import Callable, Iterator

from ledgerflux.core.client_session import ClientSession
from ledgerflux.core.cohort import Cohort, Wants
from ledgerflux.core.frame import Frame, StreamKey
from ledgerflux.core.subscription import Subscription

MEMBERS_MAX = 256
"""Written to in one go: a few milliseconds, then others have a turn."""


class Followers:
    """Tells a stream's followers; bounded by the sessions and their subscriptions."""

    def __init__(self, mark_bytes: int, wake: Callable[[Cohort], None]) -> None:
        self.delivered_total = 0
        self._mark_bytes = mark_bytes
        self._wake = wake
        self._alone: dict[StreamKey, dict[ClientSession, Subscription]] = {}
        self._united: dict[StreamKey, dict[Cohort, None]] = {}
        self._cohorts: dict[Wants, dict[Cohort, None]] = {}

    def add(self, session: ClientSession, subscription: Subscription) -> None:
        """Let a session, alone, follow one more stream."""
        self._alone.setdefault(subscription.key, {})[session] = subscription

    def remove(self, session: ClientSession, key: StreamKey) -> None:
        """Let a session, alone, follow a stream no longer."""
        followers = self._alone[key]
        del followers[session]
        if not followers:
            del self._alone[key]

    def follow(self, key: StreamKey) -> bool:
        """Say whether anybody follows a stream."""
        return key in self._alone or key in self._united

    def tell(self, key: StreamKey, frame: Frame) -> None:
        """Queue `frame` for everybody who follows its stream."""
        alone = self._alone.get(key)
        if alone:
            self.delivered_total += len(alone)
            for session, subscription in alone.items():
                session.offer(subscription, frame)
        for cohort in tuple(self._united.get(key, ())):
            self.delivered_total += len(cohort.members)
            cohort.offer(key, frame)

    def each(self, key: StreamKey) -> list[tuple[ClientSession, Subscription]]:
        """Return everybody who follows a stream, alone: what comes now is for each in turn."""
        for cohort in tuple(self._united.get(key, ())):
            cohort.dissolve()
        return list(self._alone.get(key, {}).items())

    def cohorts(self) -> Iterator[Cohort]:
        """Return all cohorts."""
        return (cohort for cohorts in list(self._cohorts.values()) for cohort in list(cohorts))

    def unite(self, session: ClientSession) -> None:
        """Make a session one of a cohort, where nothing of its own is left to be sent."""
        if session.cohort is not None or not session.even:
            return
        cohort = self._with_room(session.wants())
        if cohort is None:
            return
        cohort.add(session)
        for subscription in session.subscriptions.values():
            self.remove(session, subscription.key)

    def _with_room(self, wants: Wants) -> Cohort | None:
        """Return the cohort to join; None while it has something that it has not written."""
        cohorts = self._cohorts.setdefault(wants, {})
        for cohort in cohorts:
            if len(cohort.members) < MEMBERS_MAX:
                return None if cohort.waits else cohort
        made = Cohort(wants, self._mark_bytes, self._wake, self._left)
        cohorts[made] = None
        for key in wants[0]:
            self._united.setdefault(key, {})[made] = None
        return made

    def _left(self, cohort: Cohort, session: ClientSession) -> None:
        """A session is alone again; a cohort without members is none."""
        for subscription in session.subscriptions.values():
            self.add(session, subscription)
        if cohort.members:
            return
        for key in cohort.wants[0]:
            united = self._united[key]
            del united[cohort]
            if not united:
                del self._united[key]
        cohorts = self._cohorts[cohort.wants]
        del cohorts[cohort]
        if not cohorts:
            del self._cohorts[cohort.wants]
