from hypothesis import given
from hypothesis import strategies as st
from strategies.screens import fits, rows, texts, widths

from ledgerflux_tui.present.health_of_book import BookHealth, book_state, health_of_book

WELL = BookHealth(
    state="live", integrity="sequence", seq=9_887_120, epoch="r1", checksum=51_192_149,
    checksum_ok=True, snapshot_age_ns=33_000_000_000, age_ns=42_000_000, levels=100, gaps=0,
    resyncs=0, rate=81.4, crossed=0,
)  # fmt: skip


def test_the_most_telling_comes_first():
    assert texts(health_of_book(WELL, 45, 4)) == [
        " book live  proof sequence  age 42 ms  gaps 0",
        " resyncs 0  seq 9,887,120  checksum ok",
        " crossed 0  snapshot 33 s ago  epoch r1",
        " levels 100  upd/s 81",
    ]
    assert texts(health_of_book(WELL, 20, 2)) == [" book live", " proof sequence"]
    assert texts(health_of_book(WELL, 8, 1)) == [" book l…"]


def test_a_book_without_proof_is_unproven():
    unproven = WELL._replace(integrity="none")
    assert book_state(unproven) == [("live", "good"), (" ", "plain"), ("unproven", "warn")]
    assert texts(health_of_book(unproven, 44, 1))[0].startswith(" book live unproven  age")


def test_what_is_wrong_has_the_style_of_it():
    bad = WELL._replace(
        state="suspect",
        gaps=2,
        resyncs=1,
        checksum_ok=False,
        age_ns=3_000_000_000,
        reason="upstream",
    )
    styles = {text: style for line in health_of_book(bad, 44, 6) for text, style in line}
    assert styles["suspect"] == "bad"
    assert styles["2"] == "bad"
    assert styles["wrong"] == "bad"
    assert styles["3.0 s"] == styles[" quiet"] == "warn"
    assert styles["upstream"] == "warn"


def test_what_is_not_known_is_a_dash():
    shown = " ".join(texts(health_of_book(BookHealth(), 44, 6)))
    assert "book -" in shown
    assert "checksum -" in shown
    assert "snapshot -" in shown


def test_a_long_epoch_is_cut():
    long = WELL._replace(epoch="40d9772cc14949ed888c678b8d06d7b6")
    assert "epoch 40d9772c…" in " ".join(texts(health_of_book(long, 44, 6)))


def test_a_checksum_that_was_not_checked_is_shown():
    shown = " ".join(texts(health_of_book(WELL._replace(checksum_ok=None), 44, 6)))
    assert "checksum 51192149" in shown


@given(st.sampled_from([WELL, BookHealth()]), widths, rows, st.booleans())
def test_it_fills_its_room_and_no_more(health, width, height, ascii_only):
    lines = health_of_book(health, width, height, ascii_only=ascii_only)
    assert fits(lines, width, height)
    if ascii_only:
        assert "".join(texts(lines)).isascii()
