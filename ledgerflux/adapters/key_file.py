"""The file of API keys: who may come in, and what is kept of their keys."""

from pathlib import Path

import msgspec

from ledgerflux.adapters.files import write_private
from ledgerflux.core.claims import TIME_MAX_S
from ledgerflux.core.credentials import GRANTABLE, StoredKey, is_key_id
from ledgerflux.core.patterns import EVERYTHING, is_safe
from ledgerflux.errors import ConfigError, Conflict
from ledgerflux.model.units import NANOS_PER_S

SCHEMA = "lf.keys/1"


class _Row(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    id: str
    salt: str
    hash: str
    products: tuple[str, ...] = (EVERYTHING,)
    channels: tuple[str, ...] = (EVERYTHING,)
    expires_s: int | None = None


class _File(msgspec.Struct, forbid_unknown_fields=True):
    schema: str
    keys: list[_Row]


def read_keys(path: Path) -> dict[str, StoredKey]:
    """Return the keys in `path` by their ids.

    Raises:
        ConfigError: It can't be read, or is no file of keys (`bad_keys`).
    """
    try:
        file = msgspec.json.decode(path.read_bytes(), type=_File)
    except OSError as error:
        raise _bad(path, error.strerror or type(error).__name__) from error
    except msgspec.DecodeError as error:
        raise _bad(path, str(error)) from error
    keys: dict[str, StoredKey] = {}
    if file.schema != SCHEMA:
        raise _bad(path, f"its schema is not {SCHEMA}")
    for row in file.keys:
        if row.id in keys:
            raise _bad(path, f"{row.id} stands there twice")
        if not (is_key_id(row.id) and _names_products(row) and _names_channels(row)):
            raise _bad(path, f"id, products or channels of {row.id[:40]!r} are none")
        if row.expires_s is not None and not 0 <= row.expires_s <= TIME_MAX_S:
            raise _bad(path, f"expires_s of {row.id} is no time")
        expires_ns = None if row.expires_s is None else row.expires_s * NANOS_PER_S
        keys[row.id] = StoredKey(row.salt, row.hash, row.products, row.channels, expires_ns)
    return keys


def add_key(path: Path, identity: str, key: StoredKey) -> None:
    """Add a key to the file, which only its owner may read; it is made where there is none.

    Raises:
        ConfigError: It is there and is no file of keys (`bad_keys`).
        Conflict: It has a key of that id (`key_exists`).
    """
    keys = read_keys(path) if path.exists() else {}
    if identity in keys:
        raise Conflict(f"{path} has a key {identity!r} already", code="key_exists")
    rows = [_row(name, kept) for name, kept in {**keys, identity: key}.items()]
    text = msgspec.json.format(msgspec.json.encode(_File(SCHEMA, rows)), indent=1)
    write_private(path, text + b"\n")


def _row(identity: str, key: StoredKey) -> _Row:
    expires_s = None if key.expires_ns is None else key.expires_ns // NANOS_PER_S
    return _Row(identity, key.salt, key.hash, key.products, key.channels, expires_s)


def _names_products(row: _Row) -> bool:
    return bool(row.products) and all(map(is_safe, row.products))


def _names_channels(row: _Row) -> bool:
    return bool(row.channels) and set(row.channels) <= {EVERYTHING, *GRANTABLE}


def _bad(path: Path, why: str) -> ConfigError:
    return ConfigError(f"{path} is no file of keys: {why}", code="bad_keys")
