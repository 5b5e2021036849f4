import sys
from pathlib import Path

from ledgerflux.bench.evaluate import Measured
from ledgerflux.bench.musts import BY_KEY
from ledgerflux.bench.normalizing import YARDSTICK_US, _best, _machine, disturbed
from ledgerflux.bench.peers import PROGRAMS, SCRIPTS, environment_of


def test_environments_are_kept_in_the_users_cache_one_python_apart_from_another(
    tmp_path, monkeypatch
):
    below = tmp_path / "ledgerflux" / "bench"
    found = environment_of(PROGRAMS[0], {"XDG_CACHE_HOME": str(tmp_path)})
    assert found.name == "cryptofeed-2.4.1"
    assert found.parents[1] == below
    relative = environment_of(PROGRAMS[0], {"XDG_CACHE_HOME": "not/absolute"})
    assert relative == Path.home() / ".cache" / "ledgerflux" / found.relative_to(below.parent)
    monkeypatch.setattr(sys, "version", "another build")
    other = environment_of(PROGRAMS[0], {"XDG_CACHE_HOME": str(tmp_path)})
    assert (other.name, other.parents[1]) == (found.name, below)
    assert other != found


def test_each_program_has_its_script_and_its_figures():
    for program in PROGRAMS:
        assert (SCRIPTS / program.script).is_file()
        assert set(program.keys.values()) <= set(BY_KEY)


def test_rounds_that_differ_prove_little():
    assert disturbed([1.0, 1.1, 1.2]) == ""
    assert "1.50 times" in disturbed([1.0, 1.5, 1.9])


def test_of_several_recordings_the_worst_figure_counts():
    rows = [Measured("normalize_advanced", value, str(value)) for value in (3.0, 1.0, 2.0)]
    assert [row.value for row in _best(rows)] == [1.0]


def test_a_machine_is_measured_by_what_a_known_program_takes_there():
    half = _machine(2 * YARDSTICK_US / 1e6, "")
    assert (half.key, half.value, half.doubt) == ("machine", 0.5, "")
    assert _machine(YARDSTICK_US / 1e6, "restless").doubt == "restless"
