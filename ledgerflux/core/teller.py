"""What a stream says, told to those who follow it whole or in part, and kept for a while."""

from ledgerflux.core.followers import Followers
from ledgerflux.core.frame import Frame, StreamKey
from ledgerflux.core.product_stream import ProductStream
from ledgerflux.core.replay_ring import ReplayRing
from ledgerflux.core.snapshot import Position
from ledgerflux.core.speaker import Speaker
from ledgerflux.core.telling import Missing, Replaced, Said, Telling
from ledgerflux.core.terms import WHOLE
from ledgerflux.core.variants import Variants
from ledgerflux.model.stream import ChannelName


class Teller:
    """Makes each message once, however many it is for."""

    def __init__(
        self, speaker: Speaker, followers: Followers, variants: Variants, ring: ReplayRing
    ) -> None:
        self._speaker = speaker
        self._followers = followers
        self._variants = variants
        self._ring = ring

    def resync(self, channel: ChannelName, product: str) -> None:
        """Say to everybody what could not be followed, then the state as it is."""
        for variant in self._variants.of(channel, product):
            variant.reset()
        for key in self.keys(channel, product):
            for session, subscription in self._followers.each(key):
                session.resync(subscription, "store")

    def keys(self, channel: ChannelName, product: str) -> list[StreamKey]:
        """Return the stream as a whole and its variants."""
        variants = self._variants.of(channel, product)
        return [(channel, product, terms) for terms in (WHOLE, *(v.terms for v in variants))]

    def tell_break(self, stream: ProductStream, channel: ChannelName, why: str = "") -> None:
        """Tell an empty gap: nothing is missing yet, but what was told holds no longer."""
        epoch, seq = stream.position(channel)
        self.tell(stream, Missing(channel, epoch, seq + 1, seq, "store", stream.state, why))

    def tell(self, stream: ProductStream, telling: Telling) -> None:
        """Tell it to the followers of the stream and of its variants, and keep it."""
        channel, product = telling.channel, stream.product
        whole = (channel, product, WHOLE)
        frame = self._frame(stream, telling)
        if isinstance(frame, Frame) and frame.before not in (None, frame.after):
            self._ring.add((channel, product), frame, stream.publish_ns)
        if self._followers.follow(whole):
            self._hand_out(whole, frame)
        if not isinstance(frame, Frame):
            self._ring.begin((channel, product), stream.position(channel))
        elif frame.before is None:
            self._ring.begin((channel, product), frame.after)
        for variant in self._variants.of(channel, product):
            told = variant.tell(telling)
            if told is not None:
                self._hand_out((channel, product, variant.terms), told)

    def _hand_out(self, key: StreamKey, told: Frame | Replaced) -> None:
        if isinstance(told, Frame):
            self._followers.tell(key, told)
            return
        for session, subscription in self._followers.each(key):
            session.replace(subscription, told)

    def _frame(self, stream: ProductStream, telling: Telling) -> Frame | Replaced:
        if isinstance(telling, Replaced):
            return telling
        if isinstance(telling, Said):
            batch = telling.batch
            checksum = stream.checksum() if batch.channel == "level2" else None
            return Frame(
                Position(batch.epoch, batch.first_seq - 1),
                Position(batch.epoch, batch.last_seq),
                self._speaker.data(stream, batch, checksum),
            )
        before = Position(telling.epoch, telling.from_seq - 1)
        return Frame(
            None if telling.cause == "epoch" else before,
            Position(telling.epoch, telling.to_seq),
            self._speaker.gap(stream, telling),
        )
