"""Bytes that nobody vouches for, shown safely."""

from hypothesis import given
from hypothesis import strategies as st

from ledgerflux_cli.bytes_view import hex_lines, is_text, one_line, text_lines


@given(st.binary(max_size=100))
def test_nothing_that_is_shown_can_steer_a_terminal(content):
    shown = [one_line(content, 40), *text_lines(content), *hex_lines(content)]
    assert all(text.replace("\t", "").isprintable() for text in shown)
    assert len(shown[0]) <= 40


@given(st.binary(max_size=100))
def test_hex_holds_every_byte(content):
    rows = [row[10:57].strip() for row in hex_lines(content)]
    assert bytes.fromhex(" ".join(rows)) == content


def test_text_keeps_its_lines():
    assert text_lines(b"a\nb\x1b") == ["a", r"b\x1b"]
    assert is_text("ä".encode())
    assert not is_text(b"\xff")
    assert text_lines(b"\xff") == [r"\xff"]


def test_a_hex_row_has_offset_bytes_and_ascii():
    assert hex_lines(b"lf\x00" + b"z" * 15, start=32) == [
        "00000020  6c 66 00 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a  lf.zzzzzzzzzzzzz",
        "00000030  7a 7a                                            zz",
    ]


def test_a_long_line_ends_with_an_ellipsis():
    assert one_line(b"abcdef", 4) == "abc…"
