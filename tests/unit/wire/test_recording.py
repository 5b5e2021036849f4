import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from recordings import recording as recording_path

from ledgerflux.errors import FeedError
from ledgerflux.model.recording import RecordedLine
from ledgerflux.wire import recording
from ledgerflux.wire.recording import bad_recording, decode_line, encode_line


def test_a_received_frame_keeps_its_text_to_the_byte():
    raw = '{"price":"1.50",\n "text":"ü\\u00fc\\\\"}'
    line = json.dumps({"ts": 7, "conn": "coinbase-1", "raw": raw}).encode()
    assert decode_line(line, 1) == RecordedLine(7, "coinbase-1", None, raw.encode())


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (b'{"ts":null,"conn":"a-1","raw":"x"}', RecordedLine(None, "a-1", None, b"x")),
        (b'{"ts":1,"conn":"a","raw":"","kind":"close"}', RecordedLine(1, "a", "close", b"")),
        (b'{"raw":"x","note":"n","url":"u"}', RecordedLine(None, "", None, b"x")),
    ],
)
def test_kinds_missing_times_and_foreign_keys_are_read(line, expected):
    assert decode_line(line, 1) == expected


@pytest.mark.parametrize(
    "line",
    [b"", b"{", b"[]", b'{"ts":1}', b'{"raw":1}', b'{"raw":"x","ts":"1"}', b'{"raw":"\xff"}'],
)
def test_a_line_that_is_none_is_refused_by_its_number(line):
    with pytest.raises(FeedError, match="line 12 of the recording") as caught:
        decode_line(line, 12)
    assert caught.value.code == "bad_recording"


def test_half_a_surrogate_pair_is_refused():
    with pytest.raises(FeedError, match="line 3"):
        decode_line(b'{"raw":"\\ud800"}', 3)


def test_an_endless_line_is_refused_before_it_is_read(monkeypatch):
    monkeypatch.setattr(recording, "LINE_BYTES_MAX", 10)
    with pytest.raises(FeedError, match="longer than 10 bytes"):
        decode_line(b'{"raw":"abcdefgh"}', 1)


def test_the_container_can_only_hold_text():
    with pytest.raises(FeedError, match="UTF-8") as caught:
        encode_line(RecordedLine(1, "a", None, b"\xff"))
    assert caught.value.code == "bad_recording"


def test_an_error_about_the_whole_file_names_no_line():
    assert str(bad_recording(0, "why")) == "the recording can't be read: why"


@given(
    ts=st.none() | st.integers(min_value=-(2**62), max_value=2**62),
    connection=st.text(max_size=20),
    kind=st.none() | st.sampled_from(["open", "sent", "close", "rest", "rest-derived"]),
    raw=st.text(),
)
def test_what_was_written_is_what_is_read(ts, connection, kind, raw):
    line = RecordedLine(ts, connection, kind, raw.encode())
    written = encode_line(line)
    assert written.endswith(b"\n")
    assert written.count(b"\n") == 1
    assert decode_line(written, 1) == line


@pytest.mark.parametrize("name", ["coinbase-exchange-l2-ticker-matches-20210417-6p"])
def test_a_real_recording_survives_the_way_there_and_back(name):
    import gzip

    with gzip.open(recording_path(name)) as file:
        for number, line in enumerate(file, 1):
            read = decode_line(line, number)
            assert decode_line(encode_line(read), number) == read
