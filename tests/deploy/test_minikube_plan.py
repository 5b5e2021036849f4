"""`lf up --target minikube --dry-run`: the plan, with real kubectl and programs from cassettes."""

import shutil
from pathlib import Path

import cassettes
import pytest
import yaml
from minikube_world import NAME, TAG

from ledgerflux.deploy.minikube.dry_run import dry_run
from ledgerflux.deploy.plan import document, lines
from ledgerflux_cli import minikube_target

pytestmark = pytest.mark.deploy


def plan(world, **wish):
    return dry_run(minikube_target.wish_of(**wish), world.root, TAG, 300)


def test_the_plan_of_a_first_start_names_every_command(world):
    made = document(plan(world))
    assert made["schema"] == "lf.plan/1"
    assert [step["name"] for step in made["steps"]] == [
        "preflight", "cluster", "image", "render", "apply", "wait", "reach", "prove",
    ]  # fmt: skip
    assert [one["skipped"] for one in made["steps"]] == [None] * 8
    assert made["steps"][1]["commands"] == [
        ["minikube", "start", "-p", "ledgerflux", "--cpus=4", "--memory=8g", "--disk-size=20g",
         "--kubernetes-version=v1.36.2", "--container-runtime=containerd", "--wait=all",
         "-o", "json"]
    ]  # fmt: skip
    assert made["steps"][2]["commands"][0] == [
        "minikube", "-p", "ledgerflux", "image", "build", "-t", NAME, str(world.root)
    ]  # fmt: skip
    assert made["steps"][4]["what"] == (
        "objects in waves: namespace (1), then config (2), then stores (1), then roles (2)"
    )
    rendered = list(yaml.safe_load_all(Path(made["rendered"]).read_text()))
    images = [
        one["spec"]["template"]["spec"]["containers"][0]["image"]
        for one in rendered
        if "template" in one.get("spec", {})
    ]
    assert images == ["nats:2.11-alpine", NAME, NAME]


def test_the_plan_for_people_has_numbers_and_commands_as_typed(world):
    told = lines(plan(world, cni="calico"))
    assert told[0].startswith("1. preflight: ")
    assert any(line.startswith("   minikube start -p ledgerflux --cpus=4") for line in told)
    assert any("--cni=calico" in line for line in told)
    assert told[-1].startswith("rendered: ")


def test_the_plan_of_a_second_start_has_neither_cluster_nor_image(world):
    world.programs.play(
        "minikube",
        cassettes.minikube(NAME, profiles=(cassettes.profile(),), listed=(cassettes.images(NAME),)),
    )
    steps = {one["name"]: one for one in document(plan(world))["steps"]}
    assert steps["cluster"]["skipped"] == "it runs"
    assert steps["image"]["skipped"] == "it is there"


def test_a_dry_run_touches_nothing(world):
    plan(world)
    assert world.api.requests == []
    assert not world.run_dir.path.exists()
    verbs = {" ".join(line.split()[1:3]) for line in world.programs.calls("minikube")}
    assert verbs <= {"profile list", "version -o"}


def test_the_small_profile_asks_for_half(world, root):
    overlays = root / "k8s" / "overlays"
    shutil.copytree(overlays / "minikube", overlays / "minikube-small")
    steps = {one["name"]: one for one in document(plan(world, profile="minikube-small"))["steps"]}
    assert "--cpus=2" in steps["cluster"]["commands"][0]
    assert "--memory=4g" in steps["cluster"]["commands"][0]
