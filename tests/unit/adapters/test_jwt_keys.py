import json
import sys

import jwt
import pytest
from jwt_files import pem_of, private_key, secret_row

from ledgerflux.adapters.jwt_keys import (
    KEYS_MAX,
    read_checking_keys,
    read_signing_key,
)
from ledgerflux.errors import ConfigError, MissingDependency

KINDS = ("RS256", "ES256", "EdDSA")


@pytest.fixture
def file(tmp_path):
    """Write something; return its path."""

    def write(content):
        path = tmp_path / "keys"
        data = content if isinstance(content, bytes) else json.dumps(content).encode()
        path.write_bytes(data)
        return path

    return write


def row_of(kind, *, private=False, **more):
    """Return a key as a JWKS has it."""
    algorithm = jwt.get_algorithm_by_name(kind)
    key = private_key(kind)
    return {**algorithm.to_jwk(key if private else key.public_key(), as_dict=True), **more}


@pytest.mark.parametrize("kind", KINDS)
def test_a_public_key_is_read_from_pem_and_from_a_jwks(file, kind):
    pem = read_checking_keys(file(pem_of(kind)))
    rows = {"keys": [row_of(kind, kid="one"), secret_row()]}
    jwks = read_checking_keys(file(rows))
    assert [(key.algorithm, key.kid) for key in pem] == [(kind, None)]
    assert [(key.algorithm, key.kid) for key in jwks] == [(kind, "one"), ("HS256", None)]
    alone = read_checking_keys(file(row_of(kind)))
    assert [key.algorithm for key in alone] == [kind]


@pytest.mark.parametrize("more", [{"use": "enc"}, {"crv": "P-384"}])
def test_a_private_key_for_something_else_is_refused_too(file, more):
    rows = {"keys": [row_of("ES256"), row_of("ES256", private=True, **more)]}
    with pytest.raises(ConfigError, match="private"):
        read_checking_keys(file(rows))


@pytest.mark.parametrize("kind", KINDS)
def test_who_signs_has_the_private_one_and_a_gateway_none(file, kind):
    assert read_signing_key(file(pem_of(kind, private=True))).algorithm == kind
    rows = {"keys": [row_of(kind, kid="public"), row_of(kind, private=True, kid="mine")]}
    assert read_signing_key(file(rows)).kid == "mine"
    assert read_signing_key(file({"keys": [secret_row(kid="s")]})).kid == "s"
    for content in (rows, pem_of(kind, private=True)):
        with pytest.raises(ConfigError, match="private"):
            read_checking_keys(file(content))
    for content in ({"keys": [row_of(kind)]}, pem_of(kind)):
        with pytest.raises(ConfigError):
            read_signing_key(file(content))


def test_keys_of_other_kinds_and_for_other_things_are_left_out(file):
    other = [
        row_of("RS256", use="enc"), row_of("RS256", alg="PS256"), {"kty": "EC", "crv": "P-521"},
        {"kty": "new"}, {"kty": ["RSA"]}, {}, secret_row(alg="HS512"), secret_row(alg="none"),
        {"kty": "OKP", "crv": "X25519", "x": "AA"},
    ]  # fmt: skip
    named = [row_of("EdDSA", alg="Ed25519", use="sig", kid=7)]
    found = read_checking_keys(file({"keys": [*other, *named]}))
    assert [(key.algorithm, key.kid) for key in found] == [("EdDSA", None)]
    with pytest.raises(ConfigError, match="none for HS256, RS256"):
        read_checking_keys(file({"keys": other}))


@pytest.mark.parametrize(
    "content",
    [
        b"", b"a secret of thirty-two characters", b"\xff", b"[]", b"[" * 100_000, b"7",
        {"keys": {}}, {"keys": [7]}, {"keys": []}, {"keys": [secret_row(b"x" * 31)]},
        {"keys": [{"kty": "oct"}]}, {"keys": [{"kty": "RSA", "n": "!", "e": 7}]},
        {"keys": [{"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"}]},
        {"keys": [{"kty": "OKP", "crv": "Ed25519", "x": "AA"}]},
        {"keys": [secret_row(kid="a"), secret_row(kid="a")]},
        {"keys": [secret_row()] * (KEYS_MAX + 1)},
        b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
        pem_of("short"), pem_of("P-384"), pem_of("ES256") * 2,
    ],
)  # fmt: skip
def test_what_holds_no_key_or_a_weak_one_is_refused_in_words(file, content):
    for read in (read_checking_keys, read_signing_key):
        with pytest.raises(ConfigError) as caught:
            read(file(content))
        assert caught.value.code == "bad_jwt_keys"
        assert "\n" not in str(caught.value)


def test_a_key_behind_a_passphrase_and_a_missing_file_are_told(file, tmp_path):
    with pytest.raises(ConfigError, match="passphrase"):
        read_signing_key(file(pem_of("ES256", private=True, passphrase=b"x")))
    with pytest.raises(ConfigError, match="No such file"):
        read_checking_keys(tmp_path / "none")


@pytest.mark.parametrize("name", ["jwt", "cryptography"])
def test_without_the_library_it_says_how_to_get_it(file, monkeypatch, name):
    monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(MissingDependency) as caught:
        read_checking_keys(file(pem_of("ES256")))
    assert "ledgerflux[jwt]" in caught.value.try_next[0]
