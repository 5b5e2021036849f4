import jwt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jwt_files import SECRET, by_hand, coded, pem_of, private_key

from ledgerflux.adapters.jwt_keys import JwtKey
from ledgerflux.adapters.jwt_tokens import SignedTokens, signed
from ledgerflux.core.credentials import TOKEN_CHARS_MAX, WRONG, Denied, Grant
from ledgerflux.model.units import NANOS_PER_S

NOW_S = 1_700_000_000
NOW_NS = NOW_S * NANOS_PER_S
CLAIMS = {"sub": "desk", "exp": NOW_S + 60, "products": ["BTC-*"], "channels": ["level2"]}
GRANTED = Grant("desk", ("BTC-*",), ("level2",), (NOW_S + 60) * NANOS_PER_S)
HMAC = JwtKey("HS256", SECRET)
KINDS = ("RS256", "ES256", "EdDSA")


def pair(kind, kid=None):
    private = private_key(kind)
    return JwtKey(kind, private, kid), JwtKey(kind, private.public_key(), kid)


PAIRS = {"HS256": (HMAC, HMAC), **{kind: pair(kind) for kind in KINDS}}
TOKENS = {kind: signed(mine, CLAIMS) for kind, (mine, _) in PAIRS.items()}
EVERY = SignedTokens([known for _, known in PAIRS.values()])


@pytest.mark.parametrize("kind", PAIRS)
def test_who_holds_a_token_that_was_signed_is_granted_what_it_says(kind):
    alone = SignedTokens([PAIRS[kind][1]])
    assert alone.judge(TOKENS[kind], NOW_NS) == GRANTED
    assert EVERY.judge(TOKENS[kind], NOW_NS) == GRANTED
    assert alone.judge(TOKENS[kind], NOW_NS + 60 * NANOS_PER_S).code == "token_expired"


@pytest.mark.parametrize("kind", PAIRS)
def test_a_token_of_another_key_is_not_known(kind):
    others = [known for name, (_, known) in PAIRS.items() if name != kind]
    assert SignedTokens(others).judge(TOKENS[kind], NOW_NS) == WRONG
    assert SignedTokens([]).judge(TOKENS[kind], NOW_NS) == WRONG


@pytest.mark.parametrize("name", ["none", "None", "NONE", "nOnE", "", None, 7, ["HS256"], {}])
def test_an_algorithm_that_is_none_lets_nobody_in(name):
    for head in ({"alg": name, "typ": "JWT"}, {"alg": name}, {"typ": "JWT"}):
        whole = by_hand(head, CLAIMS)
        for token in (whole, whole[: whole.rfind(".") + 1], whole[: whole.rfind(".")]):
            assert EVERY.judge(token, NOW_NS) == WRONG


@pytest.mark.parametrize("kind", KINDS)
def test_a_public_key_is_no_secret(kind):
    """Whoever knows the public key signs with it, as if it were the secret of HS256."""
    for secret in (pem_of(kind), pem_of(kind).strip(), coded(pem_of(kind)).encode()):
        token = by_hand({"alg": "HS256", "typ": "JWT"}, CLAIMS, secret=secret)
        assert SignedTokens([PAIRS[kind][1]]).judge(token, NOW_NS) == WRONG
        assert EVERY.judge(token, NOW_NS) == WRONG


def test_the_name_of_another_algorithm_is_not_believed():
    for name in ("HS384", "HS512", "RS256", "RS512", "PS256", "ES256", "ES384", "EdDSA"):
        assert EVERY.judge(by_hand({"alg": name}, CLAIMS), NOW_NS) == WRONG
    stronger = jwt.encode(CLAIMS, SECRET * 2, algorithm="HS512")
    assert SignedTokens([JwtKey("HS256", SECRET * 2)]).judge(stronger, NOW_NS) == WRONG
    longer = jwt.encode(CLAIMS, private_key("RS256"), algorithm="RS512")
    assert EVERY.judge(longer, NOW_NS) == WRONG


@pytest.mark.parametrize("more", [{"crit": ["exp"]}, {"crit": []}, {"crit": ["b64"], "b64": False}])
def test_what_says_that_more_must_be_understood_is_not_believed(more):
    assert EVERY.judge(by_hand({"alg": "HS256", **more}, CLAIMS), NOW_NS) == WRONG


def test_keys_that_a_token_brings_along_are_not_looked_at():
    brought = {
        "jwk": {"kty": "oct", "k": coded(b"x" * 32)},
        "jku": "http://127.0.0.1:1/",
        "x5u": "x",
    }
    own = by_hand({"alg": "HS256", **brought}, CLAIMS, secret=b"x" * 32)
    assert EVERY.judge(own, NOW_NS) == WRONG
    assert EVERY.judge(by_hand({"alg": "HS256", **brought}, CLAIMS), NOW_NS) == GRANTED


def test_of_keys_with_names_the_one_is_taken_that_is_named():
    (mine, known), other = (
        pair("ES256", "new"),
        JwtKey("ES256", private_key("ES256").public_key(), "old"),
    )
    assert SignedTokens([other, known]).judge(signed(mine, CLAIMS), NOW_NS) == GRANTED
    assert SignedTokens([other]).judge(signed(mine, CLAIMS), NOW_NS) == WRONG
    nameless = signed(mine._replace(kid=None), CLAIMS)
    assert SignedTokens([JwtKey("ES256", pair("ES256")[1].material), known]).judge(nameless, NOW_NS)
    assert SignedTokens([other]).judge(nameless, NOW_NS) == GRANTED
    for kid in (7, ["new"], None):
        token = by_hand({"alg": "HS256", "kid": kid}, CLAIMS)
        assert SignedTokens([HMAC._replace(kid="new")]).judge(token, NOW_NS) == WRONG


def test_where_one_secret_follows_another_both_are_known():
    newer = JwtKey("HS256", b"n" * 32)
    both = SignedTokens([HMAC, newer])
    assert both.judge(signed(HMAC, CLAIMS), NOW_NS) == GRANTED
    assert both.judge(signed(newer, CLAIMS), NOW_NS) == GRANTED


@pytest.mark.parametrize("name", ["exp", "sub"])
def test_a_token_that_never_ends_or_is_nobodys_is_refused(name):
    token = signed(HMAC, {key: value for key, value in CLAIMS.items() if key != name})
    verdict = EVERY.judge(token, NOW_NS)
    assert (verdict.code, name in verdict.message) == ("auth_failed", True)


def test_a_token_of_the_future_is_refused():
    assert EVERY.judge(signed(HMAC, {**CLAIMS, "nbf": NOW_S + 40}), NOW_NS).code == "auth_failed"
    assert EVERY.judge(signed(HMAC, {**CLAIMS, "nbf": NOW_S, "iat": NOW_S + 9}), NOW_NS) == GRANTED


FOR_US = {"iss": "https://id.example", "aud": ["other", "gateway"]}


@pytest.mark.parametrize(
    "wrong",
    [{"aud": "other"}, {"aud": []}, {"aud": None}, {"aud": 7}, {"aud": ["gateway", 7]},
     {"aud": "gate"}, {"iss": "https://evil.example"}, {"iss": None}, {"iss": 7},
     {"iss": ["https://id.example"]}],
)  # fmt: skip
def test_a_token_for_somebody_else_is_refused(wrong):
    strict = SignedTokens([HMAC], issuer="https://id.example", audience="gateway")
    assert strict.judge(signed(HMAC, {**CLAIMS, **FOR_US}), NOW_NS) == GRANTED
    verdict = strict.judge(by_hand({"alg": "HS256"}, {**CLAIMS, **FOR_US, **wrong}), NOW_NS)
    assert verdict.code == "auth_failed"
    for name in wrong:
        rest = {key: value for key, value in {**CLAIMS, **FOR_US}.items() if key != name}
        assert strict.judge(signed(HMAC, rest), NOW_NS).code == "auth_failed"


def test_a_token_for_anybody_named_is_not_for_a_gateway_without_a_name():
    assert EVERY.judge(signed(HMAC, {**CLAIMS, "aud": "other"}), NOW_NS).code == "auth_failed"
    assert EVERY.judge(signed(HMAC, {**CLAIMS, "iss": "anybody"}), NOW_NS) == GRANTED


def test_what_is_longer_than_any_token_is_not_looked_at():
    tokens = [signed(HMAC, {**CLAIMS, "note": "x" * size}) for size in range(5750, 5950)]
    known = [token for token in tokens if EVERY.judge(token, NOW_NS) == GRANTED]
    assert TOKEN_CHARS_MAX - 2 < len(known[-1]) <= TOKEN_CHARS_MAX
    assert len(known) < len(tokens)


@pytest.mark.parametrize(
    "token",
    [
        "", ".", "..", "...", "a.b.c", "lfk.desk.secret", "é.é.é", "\ud800.x.y", "\0", " ",
        "a.b.c.d.e", by_hand({"alg": "HS256"}, b"[" * 5000), by_hand(b"[" * 5000, CLAIMS),
        f"{coded(b'[' * 6000)}.e30.", f"{coded({'alg': 'HS256'})}.{coded(b'[' * 5000)}.AAAA",
        by_hand({"alg": "HS256"}, [1]), by_hand({"alg": "HS256"}, "text"), by_hand([], CLAIMS),
        by_hand({"alg": "HS256"}, {**CLAIMS, "sub": 7}),
    ],
)  # fmt: skip
def test_what_is_no_token_is_not_known(token):
    assert EVERY.judge(token, NOW_NS) == WRONG


@pytest.mark.parametrize("kind", PAIRS)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_no_token_is_known_with_one_character_changed(kind, data):
    token = TOKENS[kind]
    at = data.draw(st.integers(0, len(token) - 1))
    other = data.draw(st.characters(min_codepoint=32, max_codepoint=126))
    changed = token[:at] + other + token[at + 1 :]
    verdict = EVERY.judge(changed, NOW_NS)
    # The last character of base64 has bits that mean nothing: then it is the same token.
    assert isinstance(verdict, Denied) or verdict == GRANTED
    if at not in (len(token) - 1, token.rfind(".") - 1, token.find(".") - 1) and changed != token:
        assert isinstance(verdict, Denied)


@settings(max_examples=200, deadline=None)
@given(
    head=st.dictionaries(
        st.sampled_from(["alg", "kid", "typ", "crit", "b64", "jku", "cty"]),
        st.none() | st.booleans() | st.integers() | st.text() | st.lists(st.text(), max_size=2)
        | st.sampled_from(["none", "HS256", "RS256", "ES256", "EdDSA"]),
    ),
    cut=st.integers(0, 400),
)  # fmt: skip
def test_whatever_the_head_says_it_is_judged_and_only_hs256_is_right(head, cut):
    verdict = EVERY.judge(by_hand(head, CLAIMS), NOW_NS)
    assert verdict in (WRONG, GRANTED)
    if verdict == GRANTED:
        assert head["alg"] == "HS256"
    assert EVERY.judge(by_hand(head, CLAIMS)[:cut], NOW_NS) in (WRONG, GRANTED)
