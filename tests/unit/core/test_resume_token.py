import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledgerflux.core.product_stream import ProductStream
from ledgerflux.core.resume_token import TOKEN_MAX, Tokens, places
from ledgerflux.core.snapshot import START, Position
from ledgerflux.core.subscription import Subscription
from ledgerflux.core.terms import WHOLE, Terms

TOKENS = Tokens(b"k" * 32)
PLACE = Position("run1", 41)


def make(place=PLACE, tokens=TOKENS):
    return tokens.make("v", "level2", WHOLE, {"BTC-USD": place})


def read(token, tokens=TOKENS, **other):
    asked = {"venue": "v", "channel": "level2", "product": "BTC-USD", "terms": WHOLE, **other}
    return tokens.read(token, **asked)


@given(st.text(st.characters(codec="ascii", min_codepoint=33), min_size=1, max_size=200),
       st.integers(0, 2**53 - 1))  # fmt: skip
def test_a_token_is_read_as_it_was_made(epoch, seq):
    token = make(Position(epoch, seq))["BTC-USD"]
    assert read(token) == Position(epoch, seq)
    assert len(token) <= TOKEN_MAX


def test_every_changed_character_is_noticed():
    token = make()["BTC-USD"]
    for place in range(len(token)):
        other = "A" if token[place] != "A" else "B"
        changed = token[:place] + other + token[place + 1 :]
        assert read(changed) in (None, PLACE)  # bits of the last character may mean nothing
        assert place == len(token) - 1 or read(changed) is None


@given(st.text(max_size=200))
def test_any_text_is_no_token(text):
    assert read(text) is None


@pytest.mark.parametrize(
    "other",
    [
        {"venue": "w"},
        {"channel": "trades"},
        {"product": "ETH-USD"},
        {"terms": Terms(50)},
        {"terms": Terms(interval="1m")},
        {"tokens": Tokens(b"other" * 6)},
        {"tokens": Tokens()},
    ],
)
def test_a_token_is_of_one_stream_of_one_stack(other):
    assert read(make()["BTC-USD"], **other) is None


def test_another_version_is_none_of_ours(monkeypatch):
    monkeypatch.setattr("ledgerflux.core.resume_token.VERSION", "v2")
    token = make()["BTC-USD"]
    monkeypatch.undo()
    assert read(token) is None


def test_there_are_no_tokens_without_a_key_or_before_an_epoch():
    assert make(tokens=Tokens()) == {}
    assert make(START) == {}


def test_the_places_of_subscriptions_are_told_by_channel():
    stream = ProductStream("v", "BTC-USD", integrity="none", integrity_rule="none")
    book, trades = Subscription(stream, "level2", None), Subscription(stream, "trades", PLACE)
    told = places(TOKENS, [book, trades])
    assert list(told) == ["trades"]
    assert read(told["trades"]["BTC-USD"], channel="trades") == PLACE


def test_a_token_of_candles_is_of_one_interval():
    token = TOKENS.make("v", "candles", Terms(interval="1m"), {"BTC-USD": PLACE})["BTC-USD"]
    assert read(token, channel="candles", terms=Terms(interval="1m")) == PLACE
    assert read(token, channel="candles", terms=Terms(interval="5m")) is None
