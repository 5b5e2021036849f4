"""What the value types of the hot path cost: `python tests/bench/values.py`.

Prints microseconds of CPU for building one two-level update, reading two of its fields and
encoding it, and for decoding one venue frame, per kind of type; best of five rounds.
"""

import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass

import msgspec
from pydantic import BaseModel, TypeAdapter

ROUNDS = 5
CALLS = 20_000
CHANGES = [("buy", "64123.45", "0.0123"), ("sell", "64124.00", "0")]
FRAME = (
    b'{"type":"l2update","product_id":"BTC-USD","changes":[["buy","64123.45","0.0123"],'
    b'["sell","64124.00","0"]],"time":"2026-08-09T05:23:42.452000Z"}'
)


class StructUpdate(msgspec.Struct, frozen=True, gc=False):
    seq: int
    product: str
    changes: list[tuple[str, str, str]]


@dataclass(frozen=True, slots=True)
class DataclassUpdate:
    seq: int
    product: str
    changes: list[tuple[str, str, str]]


class PydanticUpdate(BaseModel):
    seq: int
    product: str
    changes: list[tuple[str, str, str]]


class StructFrame(msgspec.Struct):
    type: str
    product_id: str
    changes: list[tuple[str, str, str]]
    time: str


class PydanticFrame(BaseModel):
    type: str
    product_id: str
    changes: list[tuple[str, str, str]]
    time: str


def cpu_us(call: Callable[[], object]) -> float:
    """Return the CPU microseconds of one call, the best of several rounds."""
    best = float("inf")
    for _ in range(ROUNDS):
        start = time.process_time()
        for _ in range(CALLS):
            call()
        best = min(best, (time.process_time() - start) / CALLS * 1e6)
    return best


def main() -> None:
    encode = msgspec.json.Encoder().encode
    struct = StructUpdate(1, "BTC-USD", CHANGES)
    plain = DataclassUpdate(1, "BTC-USD", CHANGES)
    model = PydanticUpdate(seq=1, product="BTC-USD", changes=CHANGES)
    decoder = msgspec.json.Decoder(StructFrame)
    adapter = TypeAdapter(PydanticFrame)
    rows = [
        ("build", "msgspec struct", lambda: StructUpdate(1, "BTC-USD", CHANGES)),
        ("build", "slotted dataclass", lambda: DataclassUpdate(1, "BTC-USD", CHANGES)),
        (
            "build",
            "pydantic model",
            lambda: PydanticUpdate(seq=1, product="BTC-USD", changes=CHANGES),
        ),
        ("read two fields", "msgspec struct", lambda: (struct.seq, struct.product)),
        ("read two fields", "slotted dataclass", lambda: (plain.seq, plain.product)),
        ("read two fields", "pydantic model", lambda: (model.seq, model.product)),
        ("encode", "msgspec struct", lambda: encode(struct)),
        ("encode", "slotted dataclass, msgspec", lambda: encode(plain)),
        ("encode", "slotted dataclass, json", lambda: json.dumps(asdict(plain))),
        ("encode", "pydantic model", lambda: model.model_dump_json()),
        ("decode a frame", "msgspec struct", lambda: decoder.decode(FRAME)),
        ("decode a frame", "json to dict", lambda: json.loads(FRAME)),
        ("decode a frame", "pydantic model", lambda: adapter.validate_json(FRAME)),
    ]
    for what, kind, call in rows:
        print(f"{what:16} {kind:28} {cpu_us(call):7.2f} us")


if __name__ == "__main__":
    main()
