"""What no client should send, drawn from one random: requests, frames and HTTP, whole and cut."""

import json
import os
import struct
import zlib
from collections import Counter
from random import Random

HANDSHAKE = (
    "GET {path} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n{more}\r\n"
)
DEFLATE = "Sec-WebSocket-Extensions: permessage-deflate{offer}\r\n"
OFFERS = ("", "; server_max_window_bits=15", "; client_max_window_bits", "; x=1", "; =;;,")
METHODS = ("subscribe", "unsubscribe", "snapshot", "subscriptions", "ping", "auth", "resume", "")
CHANNELS = ("level2", "trades", "ticker", "status", "heartbeats", "system", "orders", "*")
SERVED = ("BTC-USD", "ETH-USD", "*", "*-USD", "SOL-*")
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
KINDS = (
    *(
        "http bytes",
        "http request",
        "http cut",
        "http changed",
        "handshake cut",
        "handshake changed",
    ),
    *(
        "no request",
        "operation",
        "request",
        "request changed",
        "request packed",
        "request packed and changed",
    ),
    *("bomb", "fragments", "ping", "frame of bytes", "frame cut", "frame wrong"),
)
"""What `Fuzz.kinds` counts."""


class Fuzz:
    """Draws inputs; the same seed draws the same ones. `kinds` are counted: see `KINDS`."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.kinds: Counter[str] = Counter()

    def handshake(self, *, compressed: bool) -> bytes:
        """Return a good handshake."""
        more = DEFLATE.format(offer="") if compressed else ""
        return HANDSHAKE.format(path="/v1/ws", more=more).encode()

    def half_handshake(self) -> bytes:
        """Return a handshake that offers nonsense, whole, changed, or its beginning."""
        draw = self.random
        more = DEFLATE.format(offer=draw.choice(OFFERS)) * draw.randrange(3)
        path = draw.choice(PATHS if draw.random() < 0.5 else PATHS[1:3])
        whole = HANDSHAKE.format(path=path, more=more).encode("utf-8")
        kind = draw.random()
        if kind < 0.5:
            return self._cut("handshake cut", whole)
        if kind < 0.7:
            return self._flipped("handshake changed", whole)
        self.kinds["handshake"] += 1
        return whole

    def http(self) -> bytes:
        """Return what looks like HTTP, or does not."""
        draw = self.random
        if draw.random() < 0.15:
            self.kinds["http bytes"] += 1
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
        if kind < 0.1:
            return self._cut("http cut", whole)
        if kind < 0.2:
            return self._flipped("http changed", whole)
        self.kinds["http request"] += 1
        return whole

    def frame(self, *, compressed: bool) -> bytes:
        """Return one input after the handshake: a request as a rule, else a broken frame."""
        draw = self.random
        kind = draw.random()
        if kind < 0.70:
            return self._request_frame(compressed=compressed)
        if kind < 0.80:
            self.kinds["fragments"] += 1
            return self._fragmented(self.request())
        if kind < 0.85:
            self.kinds["ping"] += 1
            return framed(PING, draw.randbytes(draw.randrange(126)))
        return self._broken_frame()

    def request(self) -> bytes:
        """Return a text that looks like a request more or less."""
        draw = self.random
        if draw.random() < 0.1:
            self.kinds["no request"] += 1
            return draw.choice((b"", b"[]", b"{", b"null", b'"' * 9, b"[" * 5000, b"{}", b"1e999"))
        if draw.random() < 0.4:
            return self.operation()
        params = {name: self._value(name) for name in self._names()}
        request = {"method": draw.choice(METHODS), "params": params}
        if draw.random() < 0.5:
            request["req_id"] = draw.choice((1, "two", -(2**53), 2**60, "x" * 37, None, [], 1.5))
        if draw.random() < 0.1:
            request[draw.choice(("type", "op", "__class__", ""))] = {}
        text = json.dumps(request, ensure_ascii=draw.random() < 0.5).encode()
        if draw.random() < 0.15:
            return self._flipped("request changed", text)
        self.kinds["request"] += 1
        return text

    def operation(self) -> bytes:
        """Return a request in which nothing is wrong, though it may not fit what came before."""
        self.kinds["operation"] += 1
        draw = self.random
        method = draw.choice(("subscribe", "subscribe", "subscribe", *METHODS[1:5]))
        params: dict[str, object] = {}
        if method == "ping":
            params = {"nonce": draw.randrange(9)}
        elif method != "subscriptions":
            channel = "level2" if method == "snapshot" else draw.choice(CHANNELS[:6])
            params = {"channel": channel}
            if channel != "system":
                params["product_ids"] = draw.choices(SERVED, k=draw.choice((1, 1, 2)))
        if method == "subscribe":
            params |= self._terms(params)
        request = {"method": method, "params": params, "req_id": draw.randrange(99)}
        return json.dumps(request).encode()

    # -- inside ------------------------------------------------------------------------

    def _terms(self, params: dict) -> dict:
        """Return what may be added to a good subscription."""
        draw, channel, more = self.random, params["channel"], {}
        if channel in ("heartbeats", "system"):
            return more
        if channel == "level2":
            more["depth"] = draw.choice(DEPTHS[:8])
        if channel in ("level2", "ticker") and draw.random() < 0.3:
            more["conflate"] = draw.choice(CONFLATIONS[:5])
        if draw.random() < 0.3:
            more["on_slow"] = draw.choice(ON_SLOW[:3])
        if draw.random() < 0.2:
            more["snapshot"] = draw.random() < 0.5
        if draw.random() < 0.2:
            place = {"epoch": draw.choice(("", "r1", "x" * 40)), "seq": draw.randrange(2**40)}
            more["resume"] = dict.fromkeys(params["product_ids"], place)
        return more

    def _names(self) -> list[str]:
        names = ("channel", "product_ids", "depth", "conflate", "on_slow", "nonce", "snapshot")
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
        self.kinds["request packed"] += 1
        if kind < 0.2:
            packed = self._flipped("request packed and changed", packed)
        if kind > 0.95:
            self.kinds["bomb"] += 1
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
        kind = draw.random()
        if kind < 0.1:
            self.kinds["frame of bytes"] += 1
            return some
        if kind < 0.2:
            return self._cut("frame cut", framed(TEXT, self.request()))
        self.kinds["frame wrong"] += 1
        return draw.choice(
            (
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
            )
        )

    def _cut(self, kind: str, whole: bytes) -> bytes:
        self.kinds[kind] += 1
        return whole[: self.random.randrange(1, max(2, len(whole)))]

    def _flipped(self, kind: str, whole: bytes) -> bytes:
        """Return `whole` with a few bytes changed."""
        self.kinds[kind] += 1
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
