"""Control of the stack for clients of a gateway: handed over by the bus, answered in time."""

from collections import Counter

import msgspec

from ledgerflux.core.request_desk import Refusal
from ledgerflux.errors import BusError
from ledgerflux.ports import Bus, Clock
from ledgerflux.wire import gateway_controlled
from ledgerflux.wire.gateway_requests import ControlParams, GatewayRequest
from ledgerflux.wire.replay import Refused, ReplayOrder, decode_answer, encode_order
from ledgerflux.wire.service_order import RestartOrder, decode_restarted, encode_restart
from ledgerflux.wire.subjects import RESTART_SUBJECT, exchange_subject

ANSWER_S = 5.0
AT_ONCE_MAX = 8
"""Orders of all clients together that wait for their answers."""
RETRY_AFTER_MS = 250


class Remote:
    """Carries orders to the exchange and the supervisor."""

    def __init__(self, bus: Bus, clock: Clock) -> None:
        self._bus = bus
        self._clock = clock
        self._waiting = 0
        self._counts = Counter({"controls": 0, "controls_refused": 0})

    def counts(self) -> dict[str, int]:
        """Return what the health record says."""
        return dict(self._counts)

    def refuse(self, why: str) -> Refusal:
        """Return that control is not granted, and count it."""
        self._counts["controls_refused"] += 1
        return Refusal("control_refused", why)

    async def carry_out(
        self, request: GatewayRequest, params: ControlParams, time_in_ns: int
    ) -> bytes | Refusal:
        """Return the answer to a request that is granted; within `ANSWER_S`."""
        if self._waiting >= AT_ONCE_MAX:
            busy = f"{AT_ONCE_MAX} orders wait already"
            return Refusal("throttled", busy, (), RETRY_AFTER_MS)
        self._waiting += 1
        try:
            return await self._carry_out(request, params, time_in_ns)
        except BusError:
            return _nobody(params)
        except msgspec.DecodeError:
            return Refusal("unavailable", "the answer could not be read")
        finally:
            self._waiting -= 1

    async def _carry_out(
        self, request: GatewayRequest, params: ControlParams, time_in_ns: int
    ) -> bytes | Refusal:
        if params.service is not None:
            order = encode_restart(RestartOrder(params.service))
            said = await self._bus.request(RESTART_SUBJECT, order, timeout_s=ANSWER_S)
            begun = decode_restarted(said)
            if begun.error is not None:
                return _refused(begun.error)
            self._counts["controls"] += 1
            times = (time_in_ns, self._clock.now_ns())
            return gateway_controlled.restarted(begun, request_id=request.req_id, times=times)
        subject = exchange_subject("order")
        said = await self._bus.request(subject, encode_order(_order(params)), timeout_s=ANSWER_S)
        answer = decode_answer(said)
        if answer.replay is None:
            return _refused(answer.error)
        self._counts["controls"] += 1
        times = (time_in_ns, self._clock.now_ns())
        return gateway_controlled.replayed(
            params.action, answer.replay, request_id=request.req_id, times=times
        )


def _order(params: ControlParams) -> ReplayOrder:
    assert params.action != "restart"
    return ReplayOrder(
        params.action,
        speed=params.speed,
        count=params.count or 1,
        to_ms=params.to_ms,
        at_ms=params.at_ms,
        by_ms=params.by_ms,
    )


def _refused(error: Refused | None) -> Refusal:
    if error is None:
        return Refusal("unavailable", "the answer says nothing")
    code = "invalid_param" if error.code == "bad_argument" else error.code
    return Refusal(code, error.message)


def _nobody(params: ControlParams) -> Refusal:
    if params.service is not None:
        return Refusal("unavailable", f"no supervisor answered in {ANSWER_S:g} s")
    text = f"no exchange answered in {ANSWER_S:g} s: a live source has none"
    return Refusal("no_exchange", text)
