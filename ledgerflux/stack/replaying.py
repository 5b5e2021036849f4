"""Control of a running stack's exchange."""

import asyncio

import msgspec

from ledgerflux.adapters.nats_bus import NatsBus
from ledgerflux.errors import BusError, ConfigError, Conflict
from ledgerflux.roles.exchange import Started
from ledgerflux.settings import parse_source
from ledgerflux.stack.asking import ask_bus
from ledgerflux.stack.run_dir import RunDir
from ledgerflux.wire.replay import ReplayHealth, ReplayOrder, decode_answer, encode_order
from ledgerflux.wire.subjects import exchange_subject

ANSWER_S = 10.0
"""A machine that is busy starting a stack may keep the exchange from answering for seconds."""
MOVED_S = 60.0
LOOK_S = 0.05


def start_market(run_dir: RunDir) -> Started:
    """End the pause of the exchange of the stack in `run_dir`; say what it does now.

    Raises:
        NotRunning: No stack runs there.
        Conflict: Its source is a live venue, which nobody starts (`no_exchange`).
        BusError: NATS, or the exchange, does not answer.
    """
    _see_exchange(run_dir)

    async def start(bus: NatsBus) -> Started:
        answer = await bus.request(exchange_subject("start"), b"", timeout_s=ANSWER_S)
        return msgspec.json.decode(answer, type=Started)

    return ask_bus(run_dir, start, name="replay")


def order_market(run_dir: RunDir, order: ReplayOrder) -> ReplayHealth:
    """Have the exchange of the stack in `run_dir` carry out `order`; say how far it is then.

    Returns once a seek has arrived.

    Raises:
        NotRunning: No stack runs there.
        Conflict: Its source is a live venue (`no_exchange`), or can't do it (`cannot_seek`).
        ConfigError: The order makes no sense.
        BusError: NATS, or the exchange, does not answer.
    """
    _see_exchange(run_dir)

    async def ask(bus: NatsBus) -> ReplayHealth:
        now = await _ask(bus, order)
        try:
            async with asyncio.timeout(MOVED_S):
                while now.state == "seeking":
                    await asyncio.sleep(LOOK_S)
                    now = await _ask(bus, ReplayOrder("status"))
        except TimeoutError:
            pass  # still on its way, and says so
        return now

    return ask_bus(run_dir, ask, name="replay")


def _see_exchange(run_dir: RunDir) -> None:
    state = run_dir.running()
    if not parse_source(state.source).needs_exchange:
        raise Conflict(
            f"the stack's source is {state.source}: it has no exchange to start or control",
            code="no_exchange",
            try_next=["lf down", "lf up --source replay:FILE"],
        )


async def _ask(bus: NatsBus, order: ReplayOrder) -> ReplayHealth:
    said = await bus.request(exchange_subject("order"), encode_order(order), timeout_s=ANSWER_S)
    try:
        answer = decode_answer(said)
    except msgspec.DecodeError as error:
        raise BusError(f"the exchange's answer can't be read: {error}") from error
    if answer.replay is not None:
        return answer.replay
    code, message = (
        ("failed", "no answer")
        if answer.error is None
        else (
            answer.error.code,
            answer.error.message,
        )
    )
    if code == "bad_argument":
        raise ConfigError(message, code=code)
    raise Conflict(message, code=code, try_next=["lf replay status"])
