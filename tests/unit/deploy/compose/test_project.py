from pathlib import Path

from ledgerflux.deploy.compose.project import (
    Project,
    Wish,
    build_commands,
    command,
    environment,
    logs_arguments,
    name_of,
    plan_of,
    seen_inside,
    start_command,
)
from ledgerflux.deploy.log_wish import LogWish
from ledgerflux.deploy.plan import document

WISH = Wish("synthetic:200", ("BTC-USD", "ETH-USD"), "1.0", False, "hold", "info", None, False)


def project(**more):
    return Project(
        Path("/src"),
        Path("/data"),
        ("docker", "compose"),
        "dev-1",
        4223,
        8005,
        WISH._replace(**more),
    )


def test_each_directory_has_a_project_of_its_own():
    assert name_of(Path("/a")) != name_of(Path("/b"))
    assert command(project(), "ps")[:4] == ("docker", "compose", "-p", name_of(Path("/data")))


def test_without_a_registry_the_servers_are_those_of_our_image():
    assert "/src/compose/compose.offline.yaml" not in command(project(), "ps")
    assert "/src/compose/compose.offline.yaml" in command(project(offline=True), "ps")
    assert [*build_commands(project())] == ["ledgerflux:dev-1"]
    assert [*build_commands(project(offline=True))] == [
        "ledgerflux:dev-1", "ledgerflux:dev-1-embedded",
    ]  # fmt: skip


def test_what_was_asked_for_is_the_environment_of_the_files():
    told = environment(project(paused=True, speed="max"))
    assert (told["LF_PORT"], told["LF_NATS_PORT"], told["LF_PAUSED"]) == ("8005", "4223", "true")
    assert (told["LF_PRODUCTS"], told["LF_SPEED"]) == ("BTC-USD,ETH-USD", "max")
    assert told["LF_SECRETS"] == "/data/compose"


def test_every_variable_of_the_example_is_told():
    text = (Path(__file__).parents[4] / "compose" / ".env.example").read_text()
    names = {line.partition("=")[0] for line in text.splitlines() if "=" in line and line[0] != "#"}
    assert names - {"LF_NATS_IMAGE", "LF_POSTGRES_IMAGE"} == environment(project()).keys()


def test_a_recording_is_mounted_with_its_folder():
    assert seen_inside("replay:/days/one.lfr") == ("replay:/feeds/one.lfr", "/days")
    assert seen_inside("synthetic:5") == ("synthetic:5", "feeds")


def test_logs_are_asked_for_as_compose_has_it():
    assert logs_arguments(LogWish()) == ["logs", "--no-color", "--tail", "all"]
    wish = LogWish(("nats",), follow=True, tail=5, since="2026-01-31T14:03:07Z", prefix=False)
    assert " ".join(logs_arguments(wish)) == (
        "logs --no-color --tail 5 --follow --no-log-prefix --since 2026-01-31T14:03:07Z nats"
    )


def test_the_plan_names_what_would_be_run():
    plan = document(plan_of(project(), ["ledgerflux:dev-1"], 60.0))
    names = [step["name"] for step in plan["steps"]]
    assert names == ["preflight", "image", "secrets", "start", "prove"]
    assert plan["steps"][3]["commands"] == [list(start_command(project(), 60.0))]
    assert plan_of(project(), [], 60.0).steps[1].skipped == "it is there"
