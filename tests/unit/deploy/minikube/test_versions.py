"""Versions are judged by major and minor."""

import pytest

from ledgerflux.deploy.minikube.versions import kubectl_problem, minikube_problem, parse_version


def test_a_version_is_read_with_or_without_its_letter():
    assert parse_version("v1.38.1") == parse_version("1.38") == (1, 38)
    assert parse_version("latest") is None


@pytest.mark.parametrize(
    ("text", "good"), [("v1.38.0", True), ("v2.0.0", True), ("v1.37.9", False), ("", False)]
)
def test_minikube_is_new_enough(text, good):
    assert (minikube_problem(text) is None) is good


@pytest.mark.parametrize(
    ("text", "good"),
    [
        ("v1.35.0", True),
        ("v1.37.9", True),
        ("v1.34.0", False),
        ("v1.38.0", False),
        ("v2.36.0", False),
        ("x", False),
    ],
)
def test_kubectl_is_within_one_minor_version(text, good):
    assert (kubectl_problem(text, "v1.36.2") is None) is good
