"""What a supervisor is asked over the bus, and what it answers."""

import msgspec

from ledgerflux.wire.replay import Refused


class RestartOrder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """End this service and start it anew."""

    service: str


class RestartAnswer(msgspec.Struct, frozen=True):
    """The process that ends now (None: it had none), or why none does."""

    service: str = ""
    pid: int | None = None
    error: Refused | None = None


encode_restart = msgspec.json.Encoder().encode
decode_restart = msgspec.json.Decoder(RestartOrder).decode
decode_restarted = msgspec.json.Decoder(RestartAnswer).decode
