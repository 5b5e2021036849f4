"""The answer to `control`: see `wire.gateway_control` for what it must be."""

from typing import Any

import msgspec

from ledgerflux.wire.gateway_frames import RequestId, answer
from ledgerflux.wire.replay import ReplayHealth
from ledgerflux.wire.replay_status import replay_status
from ledgerflux.wire.service_order import RestartAnswer

_encode = msgspec.json.Encoder().encode


def replayed(
    action: str, now: ReplayHealth, *, request_id: RequestId, times: tuple[int, int]
) -> bytes:
    """Return the answer to what was asked of the exchange."""
    replay = replay_status(now, ended=now.state == "ended", through=False)
    said = {"replay": replay.model_dump(), "service": None, "pid": None}
    return _controlled(action, said, request_id, times)


def restarted(answered: RestartAnswer, *, request_id: RequestId, times: tuple[int, int]) -> bytes:
    """Return the answer to a restart that has begun."""
    said = {"replay": None, "service": answered.service, "pid": answered.pid}
    return _controlled("restart", said, request_id, times)


def _controlled(
    action: str, said: dict[str, Any], request_id: RequestId, times: tuple[int, int]
) -> bytes:
    return _encode({"type": "controlled", **answer(request_id, times), "action": action, **said})
