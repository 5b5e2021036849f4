import pytest

from ledgerflux.errors import MissingDependency
from ledgerflux.stack.doctor import programs


def missing(*_):
    raise MissingDependency("it is not installed", try_next=["install it"])


def test_the_servers_of_the_wheels_run():
    assert "nats-server" in programs.nats().finding
    assert "PostgreSQL" in programs.postgres().finding
    assert {programs.nats().result, programs.postgres().result} == {"PASS"}


@pytest.mark.parametrize(
    ("name", "look"), [("find_binary", programs.nats), ("find_programs", programs.postgres)]
)
def test_a_wheel_that_is_missing_fails_with_the_way_to_it(monkeypatch, name, look):
    monkeypatch.setattr(programs, name, missing)
    found = look()
    assert (found.result, found.finding, found.fix) == (
        "FAIL", "it is not installed", "install it"
    )  # fmt: skip


def test_a_program_that_does_not_run_fails(tmp_path, monkeypatch):
    broken = tmp_path / "nats-server"
    broken.write_text("no program")
    broken.chmod(0o700)
    monkeypatch.setattr(programs, "find_binary", lambda: broken)
    found = programs.nats()
    assert (found.result, found.finding) == ("FAIL", f"{broken} does not run")
