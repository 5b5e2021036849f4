"""Lines of minikube become progress and trouble; what is neither is passed over."""

import json

import pytest

from ledgerflux.deploy.minikube.cloud_events import Progress, Trouble, last_trouble, read_event


def line(kind, **data):
    return json.dumps({"type": f"io.k8s.sigs.minikube.{kind}", "data": data})


def test_a_step_is_told_in_its_words():
    assert read_event(line("step", message=" Preparing ... ")) == Progress("Preparing ...")


def test_a_download_has_a_share():
    assert read_event(line("download.progress", artifact="iso", progress="0.257")) == Progress(
        "downloading iso", 26
    )
    assert read_event(line("download.progress", artifact="iso")) == Progress("downloading iso")


def test_an_error_has_its_id():
    told = line("error", name="RSRC_DOCKER_MEMORY", message="too little\n", exitcode="23")
    assert read_event(told) == Trouble("RSRC_DOCKER_MEMORY", "too little")


@pytest.mark.parametrize("text", ["", "no json", "[]", '{"data": 1}', line("info", message="hi")])
def test_what_is_no_event_for_people_is_none(text):
    assert read_event(text) is None


def test_the_last_error_counts():
    lines = [line("error", name="A", message="a"), line("error", name="B", message="b"), "{}"]
    assert last_trouble(lines) == Trouble("B", "b")
    assert last_trouble(["{}"]) == Trouble("", "")
