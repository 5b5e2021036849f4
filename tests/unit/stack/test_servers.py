import pytest
from stack_states import STATE

from ledgerflux.errors import ConfigError, NotRunning
from ledgerflux.stack.run_dir import RunDir
from ledgerflux.stack.servers import nats_of, password_in, postgres_of, split_url


def test_the_servers_of_a_stack_are_in_its_directory(tmp_path):
    run_dir = RunDir(tmp_path)
    run_dir.write(STATE)
    assert nats_of(run_dir) == ("nats://127.0.0.1:5", "u", "p")
    assert postgres_of(run_dir) == "postgresql://here"


@pytest.mark.parametrize("find", [nats_of, postgres_of])
def test_without_a_stack_the_way_to_one_is_named(tmp_path, find):
    with pytest.raises(NotRunning) as caught:
        find(RunDir(tmp_path))
    assert caught.value.try_next[0] == "lf up nats postgres"


def test_user_and_password_are_taken_out_of_an_address():
    assert split_url("nats://a%40b:c@host:4222") == ("nats://host:4222", "a@b", "c")
    assert split_url("tls://host:1") == ("tls://host:1", None, None)


@pytest.mark.parametrize("url", ["host:4222", "http://host", "nats://"])
def test_what_is_no_address_is_refused(url):
    with pytest.raises(ConfigError, match="is no address such as nats://host:4222"):
        split_url(url)


def test_a_password_is_read_from_a_file_without_the_end_of_its_line(tmp_path):
    (tmp_path / "word").write_text("secret\n")
    assert password_in(tmp_path / "word") == "secret"


@pytest.mark.parametrize(
    ("content", "told"), [(None, "No such file"), (b"\n", "is empty"), (b"\xff", "no text")]
)
def test_a_file_without_a_password_is_refused(tmp_path, content, told):
    if content is not None:
        (tmp_path / "word").write_bytes(content)
    with pytest.raises(ConfigError, match=told):
        password_in(tmp_path / "word")
