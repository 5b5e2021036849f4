"""Passwords of a deployment's servers, made once."""

import secrets

RANDOM_BYTES = 16


def new_password() -> str:
    """Return a password at random: a letter first, for nats.conf reads it as one of its values."""
    return f"p{secrets.token_hex(RANDOM_BYTES)}"
