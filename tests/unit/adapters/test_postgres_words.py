"""What Postgres servers are told, byte for byte."""

from pathlib import Path

from ledgerflux.adapters.embedded.postgres_words import (
    initdb_command,
    single_command,
    startup_message,
)


def test_a_client_says_its_length_the_protocol_and_its_names():
    words = b"user\0ledgerflux\0database\0ledgerflux\0\0"
    assert startup_message() == (len(words) + 8).to_bytes(4) + bytes([0, 3, 0, 0]) + words


def test_new_data_ask_everybody_for_the_password():
    argv = initdb_command(Path("/bin"), Path("/data"), Path("/word"))
    assert argv[:3] == ("/bin/initdb", "-D", "/data")
    assert argv[5:8] == ("--pwfile", "/word", "--auth=scram-sha-256")


def test_a_server_without_clients_says_nothing_of_its_checkpoints():
    argv = single_command(Path("/bin"), Path("/data"))
    assert argv == (
        "/bin/postgres", "--single", "-D", "/data", "-c", "log_checkpoints=off", "template1"
    )  # fmt: skip
