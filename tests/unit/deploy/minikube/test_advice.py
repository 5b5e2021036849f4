"""Each error that minikube names has advice; others are told in its words."""

import pytest

from ledgerflux.deploy.minikube.advice import ADVICE, advice_for


@pytest.mark.parametrize("error_id", ADVICE)
def test_every_known_id_says_why_and_what_to_try(error_id):
    advice = advice_for(error_id, "in its words", 1)
    assert advice.why
    assert advice.try_next


def test_an_unknown_id_is_told_in_minikubes_words():
    advice = advice_for("GUEST_NEW", "in its words", 80)
    assert advice.why == "in its words"
    assert not advice.lacks


@pytest.mark.parametrize(
    ("code", "word"), [(23, "memory"), (26, "disk"), (29, "cores"), (69, "driver")]
)
def test_without_an_id_the_exit_code_tells(code, word):
    assert word in advice_for("", "", code).why


def test_without_anything_the_exit_code_is_told():
    assert "exit code 77" in advice_for("", "", 77).why
