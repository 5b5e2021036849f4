"""What no client should send, drawn from one random: requests, frames and HTTP, whole and cut."""

import json
import os
import struct
import zlib
from random import Random

from ledgerflux.core.terms import INTERVAL_S

HANDSHAKE = (
    "GET {path} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n{more}\r\n"
)
DEFLATE = "Sec-WebSocket-Extensions: permessage-deflate{offer}\r\n"
OFFERS = ("", "; server_max_window_bits=15", "; client_max_window_bits", "; x=1", "; =;;,")
METHODS = ("subscribe", "unsubscribe", "snapshot", "subscriptions", "ping", "auth", "resume", "")
CHANNELS = ("level2", "trades", "ticker", "status", "candles", "heartbeats", "system", "x", "*")
IDS = ("BTC-USD", "ETH-USD", "*", "*-USD", "SOL-*", "**", "no-such", "A\0B", "../x", "Ω-USD")
DEPTHS = (1, 10, 25, 50, 100, 500, 1000, "full", 0, -1, 7, 2**70, 1.5)
CONFLATIONS = ("none", "50ms", "100ms", "250ms", "1s", "latest", "2s", "", 50)
ON_SLOW = ("snapshot", "gap", "disconnect", "never")
PATHS = (
    *("/", "/v1/ws", "/ws", "/v1/status", "/v1/products", "/metrics", "/health", "/ready"),
    *("/v1/products/BTC-USD/book", "/v1/products/ETH-USD/trades", "/v1/products/%2e%2e/book"),
    *("/v1/products//book", "/v1/products/*/trades", "*", "//[", "/v1/ws/../ws", "/\x00", ""),
)
QUERIES = (
    *("", "?depth=full", "?depth=-1", "?from_seq=1&to_seq=9", "?limit=1e9", "?epoch=%ff&limit=0"),
    *("?from_seq=99999999999999999999", "?&&&=", "?depth=1&depth=2", "?" + "a=1&" * 500),
)
TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10
MASK = b"\x5a\x01\xfe\x77"


class Fuzz:
    """Draws inputs; the same seed draws the same ones."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)

    def handshake(self, *, compressed: bool) -> bytes:
        """Return a good handshake."""
        more = DEFLATE.format(offer="") if compressed else ""
        return HANDSHAKE.format(path="/v1/ws", more=more).encode()

    def half_handshake(self) -> bytes:
        """Return the beginning of a handshake, or one that offers nonsense."""
        draw = self.random
        more = DEFLATE.format(offer=draw.choice(OFFERS)) * draw.randrange(3)
        whole = HANDSHAKE.format(path=draw.choice(PATHS), more=more).encode("utf-8")
        return self._cut(whole) if draw.random() < 0.7 else self._flipped(whole)

    def http(self) -> bytes:
        """Return what looks like HTTP, or does not."""
        draw = self.random
        if draw.random() < 0.15:
            return draw.randbytes(draw.randrange(1, 600)) + draw.choice((b"", b"\r\n\r\n"))
        method = draw.choice(("GET", "GET", "GET", "POST", "HEAD", "get", "\x16\x03\x01"))
        version = draw.choice(("HTTP/1.1", "HTTP/1.1", "HTTP/1.0", "HTTP/9", ""))
        headers = "".join(
            f"{draw.choice(('Host', 'A', 'Content-Length', 'Origin', ''))}:"
            f"{draw.choice((' x', ' -1', ' 99999999999', '', ' ' + 'y' * 3000))}\r\n"
            for _ in range(draw.randrange(5))
        )
        path = draw.choice(PATHS) + draw.choice(QUERIES)
        whole = f"{method} {path} {version}\r\n{headers}\r\n".encode()
        kind = draw.random()
        return self._cut(whole) if kind < 0.1 else self._flipped(whole) if kind < 0.2 else whole

    def frame(self, *, compressed: bool) -> bytes:
        """Return one input after the handshake: a request as a rule, else a broken frame."""
        draw = self.random
        kind = draw.random()
        if kind < 0.70:
            return self._request_frame(compressed=compressed)
        if kind < 0.80:
            return self._fragmented(self.request())
        if kind < 0.85:
            return framed(PING, draw.randbytes(draw.randrange(126)))
        return self._broken_frame()

    def request(self) -> bytes:
        """Return a text that looks like a request more or less."""
        draw = self.random
        if draw.random() < 0.1:
            return draw.choice((b"", b"[]", b"{", b"null", b'"' * 9, b"[" * 5000, b"{}", b"1e999"))
        params = {name: self._value(name) for name in self._names()}
        request = {"method": draw.choice(METHODS), "params": params}
        if draw.random() < 0.5:
            request["req_id"] = draw.choice((1, "two", -(2**53), 2**60, "x" * 37, None, [], 1.5))
        if draw.random() < 0.1:
            request[draw.choice(("type", "op", "__class__", ""))] = {}
        text = json.dumps(request, ensure_ascii=draw.random() < 0.5).encode()
        return self._flipped(text) if draw.random() < 0.15 else text

    # -- inside ------------------------------------------------------------------------

    def _names(self) -> list[str]:
        names = [
            "channel",
            "product_ids",
            "depth",
            "conflate",
            "on_slow",
            "interval",
            "nonce",
            "snapshot",
        ]
        chosen = [name for name in names if self.random.random() < 0.35]
        return [*chosen, *(("venue", "limit")[: self.random.randrange(3)])]

    def _value(self, name: str) -> object:
        draw = self.random
        if draw.random() < 0.1:
            return draw.choice((None, True, -1, 2**65, 0.1, "x" * 300, [[]], {"a": {}}))
        match name:
            case "channel":
                return draw.choice(CHANNELS)
            case "product_ids":
                return draw.choices(IDS, k=draw.choice((1, 1, 2, 5, 501)))
            case "depth":
                return draw.choice(DEPTHS)
            case "interval":
                return draw.choice((*INTERVAL_S, "1s", ""))
            case "conflate":
                return draw.choice(CONFLATIONS)
            case "on_slow":
                return draw.choice(ON_SLOW)
            case _:
                return draw.choice((True, False, "coinbase-advanced", 7, ""))

    def _request_frame(self, *, compressed: bool) -> bytes:
        text = self.request()
        if not compressed or self.random.random() < 0.5:
            return framed(TEXT, text)
        packer = zlib.compressobj(wbits=-15)
        packed = (packer.compress(text) + packer.flush(zlib.Z_SYNC_FLUSH))[:-4]
        kind = self.random.random()
        if kind < 0.2:
            packed = self._flipped(packed)
        if kind > 0.95:
            bomb = zlib.compressobj(wbits=-15)
            packed = (bomb.compress(b" " * 4_000_000) + bomb.flush(zlib.Z_SYNC_FLUSH))[:-4]
        return framed(TEXT, packed, rsv=4)

    def _fragmented(self, text: bytes) -> bytes:
        at = self.random.randrange(len(text) + 1)
        between = self.random.choice((b"", framed(PING, b"between"), framed(TEXT, b"{}")))
        return framed(TEXT, text[:at], fin=False) + between + framed(0, text[at:])

    def _broken_frame(self) -> bytes:
        draw = self.random
        some = draw.randbytes(draw.randrange(40))
        return draw.choice(
            (
                some,
                framed(TEXT, some),
                framed(BINARY, some),
                framed(draw.randrange(16), some, rsv=draw.randrange(8), fin=draw.random() < 0.5),
                framed(TEXT, self.request(), mask=None),
                framed(PING, b"p" * 126),
                framed(PONG, some, fin=False),
                framed(0, some),
                framed(
                    CLOSE, draw.choice((b"", b"\x03", b"\x03\xe8bye", b"\xff\xff", b"\x03\xe8\xff"))
                ),
                framed(TEXT, b" " * draw.choice((16_384, 16_385, 70_000))),
                bytes((0x81, 0xFF)) + struct.pack(">Q", draw.choice((2**62, 2**63, 70_000))) + MASK,
                self._cut(framed(TEXT, self.request())),
            )
        )

    def _cut(self, whole: bytes) -> bytes:
        return whole[: self.random.randrange(1, max(2, len(whole)))]

    def _flipped(self, whole: bytes) -> bytes:
        """Return `whole` with a few bytes changed."""
        changed = bytearray(whole)
        for _ in range(min(len(changed), self.random.randrange(1, 4))):
            changed[self.random.randrange(len(changed))] = self.random.randrange(256)
        return bytes(changed)


def framed(
    opcode: int, payload: bytes, *, fin: bool = True, rsv: int = 0, mask: bytes | None = MASK
) -> bytes:
    """Return a WebSocket frame, right or wrong as it is told."""
    size, masked = len(payload), 0x80 if mask else 0
    head = bytes((fin << 7 | rsv << 4 | opcode,))
    if size < 126:
        head += bytes((masked | size,))
    elif size < 1 << 16:
        head += bytes((masked | 126,)) + struct.pack(">H", size)
    else:
        head += bytes((masked | 127,)) + struct.pack(">Q", size)
    if mask is None:
        return head + payload
    key = int.from_bytes((mask * (size // 4 + 1))[:size], "big")
    return head + mask + (int.from_bytes(payload, "big") ^ key).to_bytes(size, "big")


def a_seed() -> int:
    """Return the seed in `LF_FUZZ_SEED`, else a new one."""
    given = os.environ.get("LF_FUZZ_SEED")
    return int(given) if given else int.from_bytes(os.urandom(4), "big")
