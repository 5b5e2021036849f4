"""Keys for tests of signed tokens, made once, and tokens that are made by hand."""

import base64
import hmac
import json
from functools import cache
from hashlib import sha256

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

SECRET = b"0123456789abcdef0123456789abcdef"


@cache
def private_key(kind):
    """Return a key of the library: RS256, ES256 or EdDSA, or one that is not taken."""
    match kind:
        case "RS256":
            return rsa.generate_private_key(65537, 2048)
        case "short":
            return rsa.generate_private_key(65537, 1024)
        case "ES256":
            return ec.generate_private_key(ec.SECP256R1())
        case "P-384":
            return ec.generate_private_key(ec.SECP384R1())
        case _:
            return ed25519.Ed25519PrivateKey.generate()


def pem_of(kind, *, private=False, passphrase=None):
    """Return the PEM of a key."""
    key = private_key(kind)
    if not private:
        form = serialization.PublicFormat.SubjectPublicKeyInfo
        return key.public_key().public_bytes(serialization.Encoding.PEM, form)
    hidden = serialization.NoEncryption()
    if passphrase:
        hidden = serialization.BestAvailableEncryption(passphrase)
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, hidden
    )  # fmt: skip


def coded(data):
    """Return base64url without its end, as tokens and JWKS have it."""
    data = data if isinstance(data, bytes) else json.dumps(data).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def secret_row(secret=SECRET, **more):
    """Return a row of a JWKS."""
    return {"kty": "oct", "k": coded(secret), **more}


def by_hand(head, claims, *, secret=SECRET):
    """Return a token with this head, signed as HS256 does, whatever the head says."""
    text = f"{coded(head)}.{coded(claims)}"
    return f"{text}.{coded(hmac.digest(secret, text.encode(), sha256))}"
