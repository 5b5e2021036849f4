"""The image's lock files hold what the project asks for, with hashes and no address."""

import re

import pytest
from locks import BUILD, EMBEDDED, ROOT, RUNTIME, wanted
from packaging.requirements import Requirement

LOCKED = re.compile(
    r"^([a-z0-9-]+)==(\S+)(?: ; .*)? \\\n((?:    --hash=sha256:[0-9a-f]{64}(?: \\)?\n)+)",
    re.MULTILINE,
)


def locked(name):
    return {found[1]: found[2] for found in LOCKED.finditer((ROOT / name).read_text())}


@pytest.mark.parametrize("name", [RUNTIME, EMBEDDED, BUILD])
def test_every_line_is_a_version_or_its_hash(name):
    text = (ROOT / name).read_text()
    assert LOCKED.sub("", text) == ""
    assert "://" not in text


@pytest.mark.parametrize("name", [RUNTIME, EMBEDDED, BUILD])
def test_what_the_project_asks_for_is_locked_as_it_asks(name):
    versions = locked(name)
    for requirement in map(Requirement, wanted()[name]):
        version = versions[requirement.name.lower()]
        assert requirement.specifier.contains(version), f"{requirement}: locked is {version}"


def test_the_files_agree_with_each_other():
    runtime, embedded = locked(RUNTIME), locked(EMBEDDED)
    shared = runtime.keys() & embedded.keys()
    assert {name: runtime[name] for name in shared} == {name: embedded[name] for name in shared}
