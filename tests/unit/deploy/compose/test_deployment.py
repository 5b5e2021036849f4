import stat

import pytest

from ledgerflux.deploy.compose import deployment as module
from ledgerflux.deploy.compose.deployment import (
    Deployment,
    deployment_of,
    need_readable,
    project_of,
)
from ledgerflux.deploy.compose.project import Wish
from ledgerflux.deploy.programs import Outcome
from ledgerflux.errors import (
    ConfigError,
    Conflict,
    MissingDependency,
    NotRunning,
    StackError,
    Unhealthy,
)
from ledgerflux.stack.run_dir import RunDir

WISH = Wish("synthetic:200", ("BTC-USD",), "1.0", True, "hold", "info", 8005, False)


@pytest.fixture
def engine(monkeypatch):
    """Return what an engine answers, by words of the command, and all that was run."""

    class Engine:
        def __init__(self):
            self.answers = {}
            self.ran = []

        def run(self, argv, **_):
            line = " ".join(argv)
            self.ran.append(line)
            for words, answer in self.answers.items():
                if words in line:
                    return answer
            return Outcome(0, "x", "")

    made = Engine()
    monkeypatch.setattr(module, "run", made.run)
    monkeypatch.setattr(module, "needed", lambda name, _: f"/bin/{name}")
    return made


def deployment(tmp_path, **more):
    run_dir = RunDir(tmp_path / "data")
    return Deployment(project_of(run_dir, WISH._replace(**more)), run_dir, lambda *_: None), run_dir


def test_a_start_leaves_secrets_and_a_way_in(engine, tmp_path):
    made, run_dir = deployment(tmp_path)
    state = made.up(10.0, paused=True).state
    assert run_dir.running().gateway == state.gateway
    assert state.gateway.http == "http://127.0.0.1:8005"
    assert state.durability == "disk"
    folder = run_dir.path / "compose"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    word = (folder / "nats_password").read_text()
    assert state.nats.password == word
    assert word in (folder / "nats_auth").read_text()
    assert word[0].isalpha()
    made.up(10.0, paused=True)
    assert (folder / "nats_password").read_text() == word


def test_a_service_that_is_not_healthy_is_named_and_can_be_taken_down(engine, tmp_path):
    engine.answers = {
        " up ": Outcome(1, "", "container unhealthy"),
        " ps ": Outcome(0, "nats Up (healthy)\ningest Restarting (1)\n", ""),
        " logs ": Outcome(0, "ingest | error[bad_config]: too small\n", ""),
    }
    made, run_dir = deployment(tmp_path)
    with pytest.raises(Unhealthy) as caught:
        made.up(10.0)
    assert "ingest Restarting (1)" in str(caught.value)
    assert "too small" in str(caught.value)
    engine.answers = {}
    deployment_of(run_dir, lambda *_: None).down(volumes=True)
    assert not (run_dir.path / "compose").exists()
    with pytest.raises(NotRunning):
        deployment_of(run_dir, lambda *_: None)


def test_without_an_engine_nothing_is_touched(engine, tmp_path):
    engine.answers = {"docker version": Outcome(1, "", "cannot connect")}
    made, run_dir = deployment(tmp_path)
    with pytest.raises(MissingDependency, match="cannot connect"):
        made.up(10.0)
    assert not run_dir.path.exists()


def test_an_image_that_is_there_is_not_built_and_one_that_fails_is_told(engine, tmp_path):
    made, _ = deployment(tmp_path)
    made.up(10.0, paused=True)
    assert not [line for line in engine.ran if " build " in line]
    engine.answers = {"image ls": Outcome(0, "", ""), " build ": Outcome(0, "", "")}
    with pytest.raises(StackError, match="can't be built"):
        made.up(10.0)
    assert made.plan(5.0).steps[1].commands


def test_a_directory_that_a_local_stack_holds_is_left_alone(engine, tmp_path):
    made, run_dir = deployment(tmp_path)
    run_dir.claim()
    with run_dir.lock(), pytest.raises(Conflict):
        made.up(10.0)
    assert run_dir.read() is None


def test_a_service_is_started_anew_and_waited_for(engine, tmp_path):
    made, _ = deployment(tmp_path)
    engine.answers = {"config --services": Outcome(0, "nats\ningest\n", "")}
    made.restart("ingest", 5.0)
    assert [line.partition("compose.yaml ")[2] for line in engine.ran[-2:]] == [
        "restart --no-deps ingest",
        "up -d --no-build --no-deps --no-recreate --wait --wait-timeout 5 ingest",
    ]
    with pytest.raises(ConfigError, match="'injest' is none of ingest, nats"):
        made.restart("injest", 5.0)
    engine.answers[" up "] = Outcome(1, "", "unhealthy")
    with pytest.raises(Unhealthy, match="not every service"):
        made.restart("ingest", 5.0)


def test_a_port_once_taken_is_kept(engine, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "take_port", lambda asked, usual: asked or usual + 1)
    made, run_dir = deployment(tmp_path, port=None)
    made.up(5.0, paused=True)
    assert run_dir.running().gateway.http.endswith(":8001")
    monkeypatch.setattr(module, "take_port", None)
    for port in (None, 0, 8001):
        assert project_of(run_dir, WISH._replace(port=port)).gateway_port == 8001


def test_compose_that_fails_to_stop_is_told(engine, tmp_path):
    made, _ = deployment(tmp_path)
    engine.answers = {" down ": Outcome(1, "", "busy")}
    with pytest.raises(StackError, match="busy"):
        made.down(volumes=False)


def test_compose_alone_does_where_docker_has_no_plugin(engine, monkeypatch):
    engine.answers = {"compose version": Outcome(1, "", "unknown command")}
    monkeypatch.setattr(module, "find_program", lambda name: f"/bin/{name}")
    assert module.find_compose() == ("/bin/docker-compose",)
    monkeypatch.setattr(module, "find_program", lambda _: None)
    with pytest.raises(MissingDependency, match="not installed"):
        module.find_compose()


def test_a_recording_must_be_there_and_open_to_containers(tmp_path):
    tmp_path.chmod(0o755)
    file = tmp_path / "day.lfr"
    need_readable("synthetic:5")
    with pytest.raises(ConfigError, match="there is no recording"):
        need_readable(f"replay:{file}")
    file.write_text("x")
    file.chmod(0o644)
    need_readable(f"replay:{file}")
    file.chmod(0o600)
    with pytest.raises(ConfigError, match="may not read"):
        need_readable(f"replay:{file}")
