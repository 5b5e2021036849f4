"""Frames that should not come from a venue, and why each is refused.

A frame that carries a message carries one of every dialect at once (`HEARTBEAT`), so
that nothing but its hostile part is wrong; frames that are accepted stand here too
(reason None), because refusing those would be an error as well.
"""

import codecs
import json

from ledgerflux.venues.base import FRAME_BYTES_MAX, RefusedReason

HEARTBEAT = (
    b'"type":"heartbeat","product_id":"BTC-USD","sequence":7,'
    b'"channel":"heartbeats","sequence_num":7,"events":[]'
)
"""The fields of a heartbeat of Coinbase Exchange and of one of Advanced Trade."""


def beat(extra: bytes = b"") -> bytes:
    """Return the heartbeat with more fields behind it."""
    return b"{" + HEARTBEAT + extra + b"}"


def nested(opening: bytes, closing: bytes, depth: int) -> bytes:
    """Return a value `depth` deep."""
    return opening * depth + b"1" + closing * depth


HOSTILE_FRAMES: list[tuple[str, bytes, RefusedReason | None]] = [
    ("nothing", b"", "malformed"),
    ("spaces", b" \t\r\n ", "malformed"),
    ("a word", b"hello", "malformed"),
    ("an array", b"[1,2]", "malformed"),
    ("a number", b"42", "malformed"),
    ("a text", b'"type"', "malformed"),
    ("null", b"null", "malformed"),
    ("an empty object", b"{}", "malformed"),
    ("a kind that is a number", b'{"type":5,"channel":5}', "malformed"),
    ("a kind that is null", b'{"type":null,"channel":null}', "malformed"),
    ("cut off", beat()[:-1], "malformed"),
    ("cut off within a text", beat()[:12], "malformed"),
    ("a byte after it", beat() + b"x", "malformed"),
    ("two messages", beat() + beat(), "malformed"),
    ("a byte order mark", codecs.BOM_UTF8 + beat(), "malformed"),
    ("a comma too many", beat(b","), "malformed"),
    ("a key without quotes", beat(b",a:1"), "malformed"),
    ("a number with a leading zero", beat(b',"a":01'), "malformed"),
    ("a line feed in a text", beat(b',"a":"b\nc"'), "malformed"),
    ("an unknown escape", beat(rb',"a":"\x"'), "malformed"),
    ("an HTML page", b"<html><body>502 Bad Gateway</body></html>", "malformed"),
    ("no UTF-8 in an unknown field", beat(b',"a":"\xff"'), "encoding"),
    ("no UTF-8 in a known field", beat().replace(b"BTC", b"\xff"), "encoding"),
    ("no UTF-8 in a key", beat(b',"\xff":1'), "encoding"),
    ("an overlong character", beat(b',"a":"\xc0\x80"'), "encoding"),
    ("half a surrogate pair as bytes", beat(b',"a":"\xed\xa0\x80"'), "encoding"),
    ("a lone high surrogate", beat(rb',"a":"\ud83d"'), "encoding"),
    ("a lone low surrogate", beat(rb',"a":"\ude00x"'), "encoding"),
    ("NUL", beat(b',"a":"\0"'), "encoding"),
    ("NUL outside of texts", b"\0" + beat(), "encoding"),
    ("NUL as escape", beat(rb',"a":"\u0000"'), "encoding"),
    ("NUL as escape behind a backslash", beat(rb',"a":"\\\u0000"'), "encoding"),
    ("UTF-16", beat().decode().encode("utf-16-le"), "encoding"),
    ("deflated", b"\x78\x9c\xab\x56\x2a\xa9\x2c\x48\x55\xb2\x52\xca", "encoding"),
    ("arrays 10,000 deep", beat(b',"a":' + nested(b"[", b"]", 10_000)), "limits"),
    ("objects 10,000 deep", beat(b',"a":' + nested(b'{"a":', b"}", 10_000)), "limits"),
    ("nothing but arrays 10,000 deep", nested(b"[", b"]", 10_000), "limits"),
    ("65 deep", beat(b',"a":' + nested(b"[", b"]", 64)), "limits"),
    ("a key of 1 MB", beat(b',"' + b"k" * 1_000_000 + b'":1'), "limits"),
    ("a number of 1,000,000 digits", beat(b',"a":' + b"1" * 1_000_000), "limits"),
    ("a count of 1,000,000 digits", beat().replace(b"7", b"7" * 1_000_000), "limits"),
    ("a fraction of 1,000,000 digits", beat(b',"a":0.' + b"1" * 1_000_000), "limits"),
    ("a key twice", beat(b',"product_id":"ETH-USD"'), "limits"),
    ("a kind twice", beat(b',"type":"heartbeat","channel":"heartbeats"'), "limits"),
    ("an unknown key twice", beat(b',"a":1,"a":1'), "limits"),
    ("a key twice, once escaped", beat(rb',"product\u005fid":"ETH-USD"'), "limits"),
    ("a key twice further in", beat(b',"a":{"b":1,"b":2}'), "limits"),
    ("600,000 values", beat(b',"a":[' + b"1," * 600_000 + b"1]"), "limits"),
    ("longer than a frame may be", beat() + b" " * FRAME_BYTES_MAX, "limits"),
    ("NaN", beat(b',"a":NaN'), "number"),
    ("Infinity", beat(b',"a":-Infinity'), "number"),
    ("an unknown field", beat(b',"a":{"b":[1,-2.5e3,true,null]}'), None),
    ("all languages", beat(',"é":"日本 😀"'.encode()), None),
    ("a surrogate pair", beat(rb',"a":"\ud83d\ude00"'), None),
    ("a backslash before u0000", beat(rb',"a":"\\u0000"'), None),
    ("64 deep", beat(b',"a":' + nested(b"[", b"]", 63)), None),
    ("brackets in a text", beat(b',"a":"' + b"[{" * 1_000 + b'"'), None),
    ("many flat objects", beat(b',"a":[' + b'{"b":[]},' * 100 + b"{}]"), None),
    ("1 MB of spaces", beat() + b" " * 1_000_000, None),
    ("written over several lines", json.dumps(json.loads(beat()), indent=4).encode(), None),
]
"""(what it is, the frame, why it is refused; None: it is a message)."""

BAD_DECIMALS = [
    *('"NaN"', '"Infinity"', '"1e400"', '"1e-400"', '"1E5"', '"1,000"', '"0x10"', '"1_000"'),
    *('"\u0663"', '"\uff11"', '" 1"', '"1 "', '"1\\n"', '"+1"', '"--1"', '"-"', '""'),
    *('"."', '"1."', '".5"', '"-.5"', '"1.2.3"', '"1|2"', '"1/2"'),
    *(f'"{"1" * 25}"', f'"0.{"1" * 25}"', f'"{"9" * 1_000_000}"'),
    *("null", "true", "1", "1.5", "1e400", "[]", "{}"),
]
"""JSON values that are no price and no size."""

GOOD_DECIMALS = ["0", "-0", "0.0", "0.00000000", "1", "01", "-1.5", "9" * 24, "0." + "0" * 23 + "1"]
"""Texts that a parser lets pass: what may stand in a book is the book's matter."""

BAD_PRODUCTS = [
    *('""', '"BTC"', '"btc-usd"', '"BTC-usd"', '"BTC.USD"', '"BTC-*"', '"BTC->"', '"BTC_USD"'),
    *('"BTC-USD "', '" BTC-USD"', '"BTC-USD\\n"', '"BTC/USD"', '"../../x"', '"-USD"', '"BTC-"'),
    *('"BTC--USD"', '"A-B-C-D-E"', '"\u0412\u0422\u0421-USD"'),
    *(f'"{"A" * 21}-USD"', f'"{"A" * 200}-USD"'),
    *("null", "5", "[]"),
]
"""JSON values that may not name a product."""

BAD_COUNTS = ["-1", "1.0", "1e3", "true", "9223372036854775808", "[]"]
"""JSON values that are no trade id and no sequence number."""
