"""The keys that signed tokens are checked and made with: a PEM file, or a JWKS.

Each key has one algorithm, its own, whatever a token says: a public key is never taken for a
secret. Nothing is fetched.
"""

import json
from pathlib import Path
from typing import Any, NamedTuple

from ledgerflux.errors import ConfigError, MissingDependency

SECRET_BYTES_MIN = 32
RSA_BITS_MIN = 2048
KEYS_MAX = 16
ALGORITHMS = {
    ("oct", None): "HS256",
    ("RSA", None): "RS256",
    ("EC", "P-256"): "ES256",
    ("OKP", "Ed25519"): "EdDSA",
}
"""By kind of key and, where it has one, curve; no other is taken."""
NAMES = {"Ed25519": "EdDSA"}
"""Other names of an algorithm in a JWKS."""


class JwtKey(NamedTuple):
    """A key of the library, its one algorithm, and its name, if it has one."""

    algorithm: str
    material: Any
    kid: str | None = None


def library() -> Any:
    """Return PyJWT.

    Raises:
        MissingDependency: It, or what it signs with, is not installed.
    """
    try:
        import cryptography  # noqa: F401 - PyJWT does without it, and then knows HS256 alone
        import jwt
    except ImportError as error:
        raise MissingDependency(
            "tokens (JWT) need PyJWT and cryptography: they come with the extra `jwt`",
            try_next=['pip install "ledgerflux[jwt]"'],
        ) from error
    return jwt


def read_checking_keys(path: Path) -> list[JwtKey]:
    """Return the keys that tokens are checked with.

    Raises:
        ConfigError: `bad_jwt_keys`: it can't be read, holds none, one that is too short, or a
            private one, which no gateway needs.
        MissingDependency: PyJWT is not installed.
    """
    jwt, data = library(), _content(path)
    if _is_pem(data):
        return [_of_pem(path, data, private=False)]
    keys = [_of_row(jwt, path, row, private=False) for row in _rows(path, data)]
    return _some(path, [key for key in keys if key is not None])


def read_signing_key(path: Path) -> JwtKey:
    """Return the key that tokens are made with: of a JWKS the first that can.

    Raises:
        ConfigError: `bad_jwt_keys`: it can't be read, or holds none.
        MissingDependency: PyJWT is not installed.
    """
    jwt, data = library(), _content(path)
    if _is_pem(data):
        return _of_pem(path, data, private=True)
    rows = [row for row in _rows(path, data) if "d" in row or row.get("kty") == "oct"]
    keys = [_of_row(jwt, path, row, private=True) for row in rows]
    return _some(path, [key for key in keys if key is not None])[0]


def _some(path: Path, keys: list[JwtKey]) -> list[JwtKey]:
    if not keys:
        raise _bad(path, f"it has none for {', '.join(ALGORITHMS.values())}")
    if len(keys) > KEYS_MAX:
        raise _bad(path, f"{len(keys)} keys, {KEYS_MAX} at most")
    names = [key.kid for key in keys if key.kid is not None]
    if len(set(names)) < len(names):
        raise _bad(path, "a kid stands there twice")
    return keys


def _of_row(jwt: Any, path: Path, row: dict[str, Any], *, private: bool) -> JwtKey | None:
    """Return a key of a JWKS, None where it is of another kind or for something else."""
    if "d" in row and not private:
        raise _bad(path, "a private key stands there; it is for who signs")
    algorithm = _algorithm(row)
    kid = row.get("kid")
    if algorithm is None or row.get("use", "sig") != "sig":
        return None
    try:
        material = jwt.PyJWK(row, algorithm).key
    except (jwt.PyJWTError, ValueError, TypeError, KeyError) as error:
        raise _bad(path, f"a key of kind {row['kty']} that is none") from error
    return _strong(path, JwtKey(algorithm, material, kid if isinstance(kid, str) else None))


def _algorithm(row: dict[str, Any]) -> str | None:
    kind, curve, named = row.get("kty"), row.get("crv"), row.get("alg")
    if not all(value is None or isinstance(value, str) for value in (kind, curve, named)):
        return None
    own = ALGORITHMS.get((str(kind), curve))
    return own if named is None or NAMES.get(named, named) == own else None


def _of_pem(path: Path, data: bytes, *, private: bool) -> JwtKey:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import serialization

    if data.count(b"-----BEGIN ") != 1:
        raise _bad(path, "more than one key: a JWKS can hold several")
    if (b"PRIVATE KEY-----" in data) is not private:
        wanted = "private, it is who signs that needs it" if not private else "public alone"
        raise _bad(path, f"its key is {wanted}")
    try:
        if private:
            material: Any = serialization.load_pem_private_key(data, None)
        else:
            material = serialization.load_pem_public_key(data)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise _bad(path, "no key can be read, or only behind a passphrase") from error
    algorithm = _algorithm_of(material)
    if algorithm is None:
        raise _bad(path, "its key is none of RSA, P-256 and Ed25519")
    return _strong(path, JwtKey(algorithm, material))


def _algorithm_of(material: Any) -> str | None:
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

    if isinstance(material, rsa.RSAPublicKey | rsa.RSAPrivateKey):
        return "RS256"
    if isinstance(material, ed25519.Ed25519PublicKey | ed25519.Ed25519PrivateKey):
        return "EdDSA"
    if isinstance(material, ec.EllipticCurvePublicKey | ec.EllipticCurvePrivateKey):
        return "ES256" if isinstance(material.curve, ec.SECP256R1) else None
    return None


def _strong(path: Path, key: JwtKey) -> JwtKey:
    if key.algorithm == "HS256" and len(key.material) < SECRET_BYTES_MIN:
        raise _bad(path, f"a secret has at least {SECRET_BYTES_MIN} bytes")
    if key.algorithm == "RS256" and key.material.key_size < RSA_BITS_MIN:
        raise _bad(path, f"an RSA key has at least {RSA_BITS_MIN} bits")
    return key


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise _bad(path, error.strerror or type(error).__name__) from error


def _is_pem(data: bytes) -> bool:
    return b"-----BEGIN " in data


def _rows(path: Path, data: bytes) -> list[dict[str, Any]]:
    """Return the keys of a JWKS, or the one of a JWK."""
    try:
        document = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise _bad(path, "neither PEM nor a JWKS") from error
    rows = document.get("keys", [document]) if isinstance(document, dict) else None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise _bad(path, "neither PEM nor a JWKS")
    return rows


def _bad(path: Path, why: str) -> ConfigError:
    return ConfigError(f"no keys for tokens in {path}: {why}", code="bad_jwt_keys")
