"""What `lf up` says while a stack starts, loses services, and stops."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

from ledgerflux_cli.output import say

if TYPE_CHECKING:
    from ledgerflux.settings import UpRequest
    from ledgerflux.stack.events import Event
    from ledgerflux.stack.run_dir import RunState

SCHEMA = "lf.up/1"


class LiveLines(Protocol):
    """Lines that are redrawn in place: others must be written above them."""

    def above(self, text: str) -> bool:
        """Write `text` above the live lines; say whether there are any."""
        ...


class Progress:
    """Turns events into lines: each service as it gets ready, then what came of it."""

    def __init__(
        self,
        asked: "UpRequest",
        *,
        to: Callable[[str], None],
        stop_hint: str,
        live: LiveLines | None = None,
    ) -> None:
        self._asked = asked
        self._write = to
        self._stop_hint = stop_hint
        self._live = live

    def tell(self, event: "Event") -> None:
        """Write what `event` says."""
        from ledgerflux.stack import events

        match event:
            case events.Starting():
                self._starting(event)
            case events.ServiceReady(name, seconds, address, again=False):
                self._write(f"  {name:<12} ready  {seconds:5.1f} s   {address}".rstrip())
            case events.ServiceReady(name, seconds):
                self._note(f"{name} is back after {seconds:.1f} s")
            case events.ServiceDied(name, code, detail, again):
                words = f": {detail}" if detail else ""
                what = "starting it again" if again else "not started again"
                self._note(f"{name} ended ({_ending(code)}), {what}{words}")
            case events.Up(seconds=seconds):
                self._up(seconds)
            case events.Note(text):
                self._note(f"note: {text}")
            case events.Stopping(reason):
                asked = reason.startswith("SIG")
                self._note("stopping… again to force" if asked else f"{reason}: stopping…")
            case events.Failed():
                pass

    def _starting(self, event: Any) -> None:
        from ledgerflux.settings import DEFAULT_PORT

        if self._asked.source == "auto":
            live = not event.source.startswith("synthetic")
            why = "it answers" if live else "no venue answered within 3 s"
            say(f"source auto: {event.source}, {why}")
        if self._asked.port is None and event.port not in (0, DEFAULT_PORT):
            say(f"port {DEFAULT_PORT} is taken: the gateway is on {event.port}")
        self._write(f"source {event.source} · durability {event.durability} · {event.data_dir}")

    def _up(self, seconds: float) -> None:
        hints = ["lf status", f"stop: {self._stop_hint}"]
        self._write(f"up in {seconds:.1f} s · next: {' · '.join(hints)}")

    def _note(self, text: str) -> None:
        if self._live is None or not self._live.above(text):
            say(text)


def _ending(code: int) -> str:
    return f"signal {-code}" if code < 0 else f"exit code {code}"


def up_document(state: "RunState") -> dict[str, Any]:
    """Return `lf.up/1`; `nats` and `postgres` are addresses that clients can use as they are."""
    nats = None
    if state.nats is not None:
        scheme, _, place = state.nats.url.partition("://")
        nats = f"{scheme}://{state.nats.user}:{state.nats.password}@{place}"
    gateway = None
    if state.gateway is not None:
        gateway = {"ws": state.gateway.ws, "http": state.gateway.http}
    return {
        "schema": SCHEMA,
        "target": "local",
        "source": state.source,
        "durability": state.durability,
        "data_dir": state.data_dir,
        "gateway": gateway,
        "gateways": [{"name": one.name, "ws": one.ws, "http": one.http} for one in state.gateways],
        "nats": nats,
        "postgres": state.postgres,
        "services": [
            {"name": service.name, "pid": service.pid, "state": service.state}
            for service in state.services
        ],
    }
