import pytest

from ledgerflux.core.credentials import (
    WRONG,
    Denied,
    Grant,
    Keyring,
    KeysAndTokens,
    StoredKey,
    hashed,
    is_key_id,
    key_text,
)

NOW_NS = 1_700_000_000_000_000_000
RING = Keyring(
    {
        "desk": StoredKey("salt", hashed("secret", "salt")),
        "web": StoredKey("s2", hashed("other", "s2"), ("BTC-*",), ("level2",), NOW_NS),
        "blank": StoredKey("", ""),
    }
)


def test_who_holds_the_secret_is_granted_what_is_kept_with_it():
    assert RING.judge(key_text("desk", "secret"), NOW_NS) == Grant("desk")
    granted = RING.judge("lfk.web.other", NOW_NS - 1)
    assert granted == Grant("web", ("BTC-*",), ("level2",), NOW_NS)


def test_a_key_ends_when_it_expires():
    verdict = RING.judge("lfk.web.other", NOW_NS)
    assert isinstance(verdict, Denied)
    assert (verdict.code, verdict.subject) == ("token_expired", "web")


def test_an_expired_key_is_told_so_to_its_holder_only():
    assert RING.judge("lfk.web.wrong", NOW_NS).code == "auth_failed"


@pytest.mark.parametrize(
    "token",
    [
        "", "lfk", "lfk.", "lfk..", "lfk.desk", "lfk.desk.", "lfk.desk.Secret", "lfk.desk.secret ",
        "LFK.desk.secret", "lfk.web.secret", "lfk.desk.other", "lfk.nobody.secret", "lfk..secret",
        "lfk.blank.", "lfk.desk.sécret", "desk.secret", "lfk.desk.secret.x", "lfk.\0.x", "." * 8192,
    ],
)  # fmt: skip
def test_everything_else_lets_nobody_in_and_looks_alike(token):
    verdict = RING.judge(token, 0)
    assert verdict._replace(subject="") == WRONG
    assert "secret" not in repr(verdict)


def test_the_same_secret_is_kept_otherwise_with_another_salt():
    assert hashed("secret", "a") != hashed("secret", "b")
    assert "secret" not in hashed("secret", "a")


@pytest.mark.parametrize(
    ("text", "named"),
    [("a", True), ("A-1_b", True), ("", False), ("a.b", False), ("é", False), ("a" * 33, False)],
)
def test_ids_are_short_words(text, named):
    assert is_key_id(text) == named


@pytest.mark.parametrize(
    ("channel", "products", "granted"),
    [
        ("level2", ["BTC-USD"], True),
        ("level2", ["BTC-*"], True),
        ("level2", ["BTC-*D", "ETH-USD"], True),
        ("level2", ["ETH-EUR"], False),
        ("level2", ["BTC-USD", "ETH-EUR"], False),
        ("level2", ["*"], False),
        ("level2", ["B*"], False),
        ("level2", ["ETH-*"], False),
        ("level2", None, False),
        ("trades", ["BTC-USD"], False),
        ("system", None, True),
    ],
)
def test_a_grant_is_for_its_products_and_channels(channel, products, granted):
    grant = Grant("x", ("BTC-*", "ETH-USD"), ("level2", "system"))
    assert (grant.refuses(channel, products) is None) == granted


def test_a_grant_for_all_is_for_all():
    for channel in ("level2", "system", "heartbeats"):
        assert Grant("x").refuses(channel, None) is None


def test_an_id_that_is_not_known_is_not_told_as_somebodys():
    assert RING.judge("lfk.nobody.secret", 0).subject == ""
    assert RING.judge("lfk.desk.wrong", 0).subject == "desk"


def test_what_looks_like_a_key_is_asked_of_those_who_know_keys():
    class Signed:
        def judge(self, token, now_ns):
            return Grant(token)

    both = KeysAndTokens(RING, Signed())
    assert both.judge("lfk.desk.secret", NOW_NS) == Grant("desk")
    assert both.judge("lfk.desk.wrong", NOW_NS).code == "auth_failed"
    assert both.judge("a.b.c", NOW_NS) == Grant("a.b.c")


@pytest.mark.parametrize(
    ("channels", "controls"),
    [(("control",), True), (("*", "control"), True), (("*",), False), (("level2",), False)],
)
def test_everything_that_can_be_read_is_not_control(channels, controls):
    assert Grant("desk", channels=channels).controls is controls
