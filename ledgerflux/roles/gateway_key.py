"""The key of the stack's resume tokens: one for all its gateways, kept where the feed conf is."""

from collections.abc import Callable

from ledgerflux.core.resume_token import KEY_BYTES, Tokens
from ledgerflux.ports import Bus, Clock
from ledgerflux.roles.patience import Patience
from ledgerflux.wire.health import CONF_BUCKET, RESUME_KEY

READ_EVERY_S = 5.0
"""Of two gateways that make a key at once, one has read its own: soon it reads the other's."""


async def keep_key(bus: Bus, clock: Clock, tokens: Tokens, new_key: Callable[[int], bytes]) -> None:
    """Let `tokens` have the stack's key, made where there is none; until cancelled."""
    patience = Patience(clock)
    while True:
        tokens.key = await patience.insist(lambda: _key(bus, new_key))
        await clock.sleep(READ_EVERY_S)


async def _key(bus: Bus, new_key: Callable[[int], bytes]) -> bytes:
    key = await bus.get(CONF_BUCKET, RESUME_KEY)
    if key is not None and len(key) == KEY_BYTES:
        return key
    await bus.put(CONF_BUCKET, RESUME_KEY, new_key(KEY_BYTES))
    return await bus.get(CONF_BUCKET, RESUME_KEY) or b""
