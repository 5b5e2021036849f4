import pytest

from ledgerflux_tui.present.states import state_cell, state_word, states_line


@pytest.mark.parametrize(
    ("state", "text", "plain", "style"),
    [
        ("ready", "● ready", "o ready", "good"),
        ("catching_up", "◐ catching up", "@ catching up", "warn"),
        ("restarting", "◐ restarting", "@ restarting", "warn"),
        ("failed", "✕ failed", "x failed", "bad"),
        ("silent", "✕ silent", "x silent", "bad"),
        ("elsewhere", "○ elsewhere", ". elsewhere", "plain"),
    ],
)
def test_a_state_is_a_sign_and_a_word(state, text, plain, style):
    assert state_cell(state) == (text, style)
    assert state_cell(state, ascii_only=True) == (plain, style)
    assert plain.isascii()


def test_words_have_no_underscores():
    assert state_word("catching_up") == "catching up"


def test_states_are_counted_the_good_ones_first():
    states = ["restarting", "ready", "catching_up", "ready"]
    assert states_line(states) == "2 ready · 1 catching up · 1 restarting"
    assert states_line([]) == ""
