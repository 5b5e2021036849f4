import pytest

from ledgerflux.errors import ConfigError
from ledgerflux.settings.layers import MASK, from_files, rows, variable_faults


@pytest.fixture
def place(tmp_path):
    """A project directory and a user's configuration beside it."""
    user = tmp_path / "config" / "ledgerflux"
    user.mkdir(parents=True)
    (tmp_path / "project").mkdir()
    return tmp_path


def write(place, project=None, user=None):
    for path, text in (
        (place / "project/ledgerflux.toml", project),
        (place / "config/ledgerflux/config.toml", user),
    ):
        if text is not None:
            path.write_text(text)


def look(place, flags=None, **variables):
    environment = {"XDG_CONFIG_HOME": str(place / "config"), **variables}
    found = rows(flags or {}, environment, place / "project")
    return {row.key: row for row in found}


def test_each_layer_beats_the_one_below(place):
    write(
        place, "shards = 3\nhost = 'p'\nsource = 'auto'\n", "shards = 2\nhost = 'u'\npaused = true"
    )
    said = look(place, {"source": ("--source", "synthetic:9")}, LF_HOST="e", LF_SOURCE="synthetic")
    assert said["source"][1:] == ("synthetic:9", "flag --source")
    assert said["host"][1:] == ("e", "env LF_HOST")
    assert said["shards"][1:] == (3, f"{place}/project/ledgerflux.toml:1")
    assert said["paused"][1:] == (True, f"{place}/config/ledgerflux/config.toml:3")
    assert said["at_end"][1:] == ("hold", "default")


def test_an_empty_variable_sets_nothing(place):
    assert look(place, LF_SHARDS="")["shards"][1:] == (4, "default")


def test_a_secret_is_shown_as_set(place):
    said = look(place, LF_NATS_URL="nats://u:hush@h:1")
    assert said["nats_url"].shown == MASK
    assert said["postgres_dsn"].shown is None
    assert said["shards"].shown == 4


def test_a_fault_anywhere_is_told_with_its_place(place):
    write(place, "shards = 3\n", "\nsharts = 2\n")
    with pytest.raises(ConfigError, match=r"config.toml:2: unknown setting 'sharts'") as caught:
        look(place)
    assert caught.value.try_next == ("lf config validate",)
    write(place, user="")
    with pytest.raises(ConfigError, match=r"^LF_PORT: Input should be a valid integer"):
        look(place, LF_PORT="http")
    with pytest.raises(ConfigError, match=r"^LF_SHARD: shard 3 of 3"):
        look(place, LF_SHARD="3", LF_SHARDS="3")


def test_settings_that_are_right_alone_may_be_wrong_together(place):
    write(place, "shards = 3\n", "shard = 3\n")
    with pytest.raises(ConfigError, match=r"config.toml:1: shard 3 of 3"):
        look(place)


def test_the_files_alone_are_the_defaults_of_a_command(place):
    environment = {"XDG_CONFIG_HOME": str(place / "config")}
    assert from_files(environment, place / "project") == {}
    write(place, "shards = 3\n", "shards = 2\nport = 1\n")
    assert from_files(environment, place / "project") == {"shards": 3, "port": 1}
    write(place, user="port = 'x'")
    with pytest.raises(ConfigError, match=r"config.toml:1: port: "):
        from_files(environment, place / "project")


def test_all_faults_of_variables_are_found():
    found = variable_faults({"LF_PORT": "x", "LF_SHARDS": "0", "LF_PAUSED": "yes", "LF_OTHER": "1"})
    assert [fault.place for fault in found] == ["LF_SHARDS", "LF_PORT"]
