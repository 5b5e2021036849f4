"""Passwords: a letter first, and never the same twice."""

import re

from ledgerflux.deploy.password import new_password


def test_a_password_is_a_word_of_its_own_that_nats_reads_as_text() -> None:
    first, second = new_password(), new_password()
    assert re.fullmatch(r"p[0-9a-f]{32}", first)
    assert first != second
