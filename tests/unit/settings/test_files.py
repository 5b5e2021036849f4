import pytest

from ledgerflux.settings.files import read_file


@pytest.fixture
def read(tmp_path):
    def write_and_read(text):
        path = tmp_path / "ledgerflux.toml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return read_file(path)

    return write_and_read


def faults(file):
    return [str(fault).removeprefix(f"{file.path}:") for fault in file.faults]


def test_values_come_with_their_lines(read):
    file = read('# mine\nshards = 2\n\n"at_end" = "loop"\nproducts = [\n  "BTC-USD",\n]\n')
    assert file.faults == []
    assert file.values == {"shards": 2, "at_end": "loop", "products": ["BTC-USD"]}
    assert file.lines == {"shards": 2, "at_end": 4, "products": 5}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("shard_s = 2", "1: unknown setting 'shard_s': did you mean 'shards'?"),
        ("\nat-end = 'hold'", "2: unknown setting 'at-end': did you mean 'at_end'?"),
        ("xyzzy = 1", "1: unknown setting 'xyzzy'"),
        ("[tables]\nport = 1", "1: unknown setting 'tables'"),
        ("[[gateway]]", "1: gateway: Input should be a valid string"),
        ("paused = true\nshards = 99", "2: shards: Input should be less than or equal to 32"),
        ("source = 'kraken'", "1: source: 'kraken' is no source: auto, coinbase-advanced"),
        ("shards = 2\nshard = 2", "2: shard: shard 2 of 2: shards count from 0"),
        ("shards = ", "1: is no TOML: Invalid value"),
        ("shards = 1\nshards = 2\nport = 1", "2: is no TOML: Cannot overwrite a value"),
    ],
)
def test_a_fault_names_its_line_and_what_was_meant(read, text, said):
    (fault,) = faults(read(text))
    assert fault.startswith(said)


def test_all_faults_are_found_in_one_look_and_what_is_right_is_kept(read):
    file = read('port = "x"\nhost = "::1"\nshards = 0\nnope = 1\n')
    assert [fault.line for fault in file.faults] == [1, 3, 4]
    assert file.values == {"host": "::1"}


def test_what_can_not_be_read_is_a_fault(read, tmp_path):
    assert faults(read(b"\xff\xfe")) == [" can't be read: it is not UTF-8"]
    assert str(read_file(tmp_path).faults[0]).endswith("can't be read: Is a directory")
    assert "No such file" in str(read_file(tmp_path / "none.toml").faults[0])
