"""Who may control a stack through a gateway: by default who is on its machine, and no page."""

from typing import NamedTuple

from ledgerflux.core.credentials import Grant
from ledgerflux.core.origins import is_loopback


class Caller(NamedTuple):
    """Who asks: `direct` where neither a page nor a proxy made the handshake."""

    address: str
    direct: bool
    grant: Grant | None


class ControlRules(NamedTuple):
    """What a gateway was started with.

    `public`: it listens to other machines. `closed`: only those come in who show a token.
    """

    read_only: bool = False
    public: bool = False
    closed: bool = False

    def refuse(self, caller: Caller) -> str | None:
        """Return why `caller` may not control anything, None where it may."""
        if self.read_only:
            return "this gateway is read-only"
        if not caller.direct:
            return "pages and proxies may not control anything"
        if self.closed:
            granted = caller.grant is not None and caller.grant.controls
            return None if granted else "this token does not grant control"
        if self.public:
            return "a gateway that listens to others wants a token that grants control"
        if not is_loopback(caller.address):
            return "only clients on the gateway's own machine may control anything"
        return None
