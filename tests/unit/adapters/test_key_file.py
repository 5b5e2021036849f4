import json

import pytest

from ledgerflux.adapters.key_file import add_key, read_keys
from ledgerflux.core.credentials import StoredKey
from ledgerflux.errors import ConfigError, Conflict

KEY = StoredKey("salt", "hash", ("BTC-*",), ("level2",), 1_700_000_000_000_000_000)


def test_keys_are_added_one_by_one_and_read_as_they_were(tmp_path):
    path = tmp_path / "keys.json"
    add_key(path, "a", KEY)
    add_key(path, "b", StoredKey("s", "h"))
    assert read_keys(path) == {"a": KEY, "b": StoredKey("s", "h")}
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_key_is_not_replaced(tmp_path):
    path = tmp_path / "keys.json"
    add_key(path, "a", KEY)
    before = path.read_bytes()
    with pytest.raises(Conflict) as caught:
        add_key(path, "a", StoredKey("s", "h"))
    assert caught.value.code == "key_exists"
    assert path.read_bytes() == before


ROW = {"id": "a", "salt": "s", "hash": "h"}


@pytest.mark.parametrize(
    "content",
    [
        "", "{", "[]", "{}", '{"schema":"lf.keys/2","keys":[]}',
        json.dumps({"schema": "lf.keys/1", "keys": [ROW, ROW]}),
        *(
            json.dumps({"schema": "lf.keys/1", "keys": [{**ROW, **more}]})
            for more in (
                {"id": "a b"}, {"id": 5}, {"products": []}, {"products": ["btc usd"]}, {"more": 1},
                {"channels": []}, {"channels": ["level3"]}, {"expires_s": "soon"},
                {"expires_s": -1}, {"expires_s": 10**12},
            )
        ),
    ],
)  # fmt: skip
def test_a_file_that_is_none_of_keys_is_refused_and_left_as_it_is(tmp_path, content):
    path = tmp_path / "keys.json"
    path.write_text(content)
    for act in (read_keys, lambda place: add_key(place, "b", KEY)):
        with pytest.raises(ConfigError, match=r"keys\.json") as caught:
            act(path)
        assert caught.value.code == "bad_keys"
    assert path.read_text() == content


def test_a_file_that_is_not_there_holds_no_keys_to_read(tmp_path):
    with pytest.raises(ConfigError, match="No such file"):
        read_keys(tmp_path / "none.json")
