import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from streams import Numbered

from ledgerflux.core.product_stream import ProductStream
from ledgerflux.core.request_desk import Refusal
from ledgerflux.core.snapshot import Position
from ledgerflux.core.telling import Heads, Missing
from ledgerflux.errors import GatewayError
from ledgerflux.wire import gateway_frames as frames
from ledgerflux.wire.gateway_packing import ALONE_BYTES, pack, read_messages, unpack


def data(number, size=0):
    return json.dumps(
        {"channel": "level2", "seq": number, "pad": "x" * size}, separators=(",", ":")
    )


ANSWER = b'{"type":"pong","nonce":"secret"}'
SMALL = [data(number).encode() for number in range(3)]
LONG = data(9, ALONE_BYTES).encode()

messages = st.lists(
    st.one_of(
        st.builds(lambda n, size: data(n, size).encode(), st.integers(0, 9), st.integers(0, 200)),
        st.sampled_from([ANSWER, LONG]),
    )
)


@given(messages)
def test_what_was_packed_comes_out_whole_and_in_order(sent):
    assert [message for text, _ in pack(sent) for message in unpack(text)] == sent


@given(messages)
def test_answers_are_never_compressed_and_never_share_a_text(sent):
    for text, may_compress in pack(sent):
        assert may_compress == (b"secret" not in text)
        assert may_compress or text == ANSWER


def test_data_go_together_and_one_message_is_no_array():
    assert pack(SMALL) == [(b"[%b]" % b",".join(SMALL), True)]
    assert pack(SMALL[:1]) == [(SMALL[0], True)]
    assert pack([]) == []


def test_a_long_message_goes_by_itself_so_that_others_may_get_the_same():
    assert [text for text, _ in pack([SMALL[0], LONG, LONG, SMALL[1]])] == [
        SMALL[0], LONG, LONG, SMALL[1],
    ]  # fmt: skip


def test_every_message_that_answers_a_client_is_told_from_data():
    source = Numbered()
    stream = ProductStream("v", "BTC-USD", integrity="none", integrity_rule="none")
    batch = source.snapshot().take()[0]
    stream.apply(batch, 1)
    position = Position("run1", 1)
    heads = {"BTC-USD": Heads("run1", 1, 0, "live", "none")}
    public = [
        frames.data(stream, batch, 7),
        frames.latest(stream, "ticker", position, b"{}", 0),
        frames.gap(stream, Missing("level2", "run1", 2, 3, "upstream", "suspect")),
        frames.part(stream.snapshot(), 1, "subscribe", None),
        frames.heartbeat("v", heads, 1, 1),
        frames.system(b"{}"),
    ]
    greeting = {"connection_id": "c1", "server": "s", "now_ns": 1, "venue": "v", "source": "x"}
    private = [
        frames.welcome(**greeting, limits={"ping_interval_s": 20}, system="online"),
        frames.subscribed("level2", {"BTC-USD": position}, venue="v"),
        frames.unsubscribed("level2", ["BTC-USD"]),
        frames.pong(1, "mine", (1, 2)),
        frames.error("idle", "why"),
        frames.refused(Refusal("bad_request", "why"), "mine"),
    ]
    assert [may for message in public for _, may in pack([message])] == [True] * len(public)
    assert [may for message in private for _, may in pack([message])] == [False] * len(private)


@pytest.mark.parametrize("text", [b"[", b"[{]", b"[1", b'[{"a":1}]x'])
def test_an_array_that_cannot_be_read_is_an_error_of_ours(text):
    with pytest.raises(GatewayError) as caught:
        unpack(text)
    assert caught.value.code == "protocol_error"


def test_messages_are_read_one_by_one_each_with_its_own_text():
    texts = [frames.error("idle", "why"), frames.error("throttled", "too many")]
    read = read_messages(b"[%b,%b]" % (texts[0], texts[1]))
    assert [(message.code, message.raw) for message in read] == [
        ("idle", texts[0]),
        ("throttled", texts[1]),
    ]
    assert [message.raw for message in read_messages(texts[0])] == texts[:1]


@pytest.mark.parametrize("text", [b"[1]", b"[[]]", b"x", b'[{"type":"pong"},{}]'])
def test_what_holds_anything_but_messages_is_an_error_of_ours(text):
    with pytest.raises(GatewayError) as caught:
        read_messages(text)
    assert caught.value.code == "protocol_error"
