"""What a load client reads of a message: where it stands in its stream, and its times.

Every client of a process gets the same bytes, so a message is read once and looked up for the
others. Events are not read beyond their times, books not at all.
"""

import msgspec

from ledgerflux.errors import GatewayError
from ledgerflux.model.units import parse_time_ns
from ledgerflux.wire.gateway_reading import Place

KEPT_MAX = 8192
"""Messages remembered; then all are forgotten."""
KEPT_BYTES_MAX = 8192
"""A longer message is read each time it comes."""
TIMED = ("update", "trade", "ticker")


class Told(msgspec.Struct, gc=False):
    """One message; `times_ns` are those of its events, by the clock asked for."""

    type: str
    channel: str = ""
    product_id: str = ""
    epoch: str = ""
    prev_seq: int | None = None
    seq: int = 0
    from_seq: int = 0
    to_seq: int = 0
    cause: str = ""
    reason: str = ""
    part: int = 1
    parts: int = 1
    state: str = ""
    streams: dict[str, Place] = {}
    product_ids: list[str] = []
    req_id: int | str | None = None
    code: str = ""
    message: str = ""
    retryable: bool = False
    retry_after_ms: int | None = None
    data: msgspec.Raw = msgspec.Raw(b"[]")
    times_ns: tuple[int, ...] = ()


class _Times(msgspec.Struct, gc=False):
    ts_exchange: str | None = None
    ts_receive: str | None = None


_told = msgspec.json.Decoder(Told)
_times = msgspec.json.Decoder(list[_Times])


class Reader:
    """Reads messages; `planned`: times are `ts_exchange`, else `ts_receive`.

    Bounded: `KEPT_MAX` messages of `KEPT_BYTES_MAX`.
    """

    def __init__(self, *, planned: bool) -> None:
        self._planned = planned
        self._kept: dict[bytes, Told] = {}
        self.untimed_total = 0

    def read(self, payload: bytes) -> Told:
        """Return the message in `payload`.

        Raises:
            GatewayError: It is none (`protocol_error`).
        """
        told = self._kept.get(payload)
        if told is None:
            told = self._decode(payload)
            if len(payload) <= KEPT_BYTES_MAX:
                if len(self._kept) >= KEPT_MAX:
                    self._kept.clear()
                self._kept[payload] = told
        return told

    def _decode(self, payload: bytes) -> Told:
        try:
            told = _told.decode(payload)
            if told.type in TIMED:
                told.times_ns = self._times_of(_times.decode(told.data))
        except msgspec.DecodeError as error:
            text = f"a message of the gateway can't be read: {error}"
            raise GatewayError(text, code="protocol_error") from error
        told.data = msgspec.Raw(b"")
        return told

    def _times_of(self, events: list[_Times]) -> tuple[int, ...]:
        texts = [event.ts_exchange if self._planned else event.ts_receive for event in events]
        times = [None if text is None else parse_time_ns(text) for text in texts]
        known = tuple(time for time in times if time is not None)
        self.untimed_total += len(times) - len(known)
        return known
