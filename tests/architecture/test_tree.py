"""What is, and is not, in the tree."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LISTED = subprocess.run(
    ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False, text=True
).stdout
TRACKED = [ROOT / name for name in LISTED.split("\0") if name and (ROOT / name).is_file()]
TEXTS = [path for path in TRACKED if path.suffix not in (".png", ".gz", ".bin")]

INDEX_HOSTS = ("pypi" + ".org", "pythonhosted" + ".org", "registry.npmjs" + ".org")
TOP_LEVEL = {
    "ledgerflux",
    "cli",
    "tui",
    "k8s",
    "compose",
    "tests",
    "pyproject.toml",
    "justfile",
    "README.md",
}
LINES_MAX = 400
PATH_LINES_MAX = 300


def of_tree(path):
    return path.relative_to(ROOT).as_posix()


@pytest.fixture(autouse=True)
def a_repository():
    if not TRACKED:
        pytest.skip("not a git checkout")


def text(path):
    return path.read_text(encoding="utf-8", errors="replace")


def test_the_top_level_is_as_users_know_it():
    assert {of_tree(path).split("/")[0] for path in TRACKED} >= TOP_LEVEL


def test_no_tracked_file_names_a_package_index():
    assert [
        of_tree(path) for path in TEXTS if any(host in text(path) for host in INDEX_HOSTS)
    ] == []


def test_no_lock_file_is_tracked():
    locks = {"uv.lock", "package-lock.json", "poetry.lock", "yarn.lock"}
    assert [of_tree(path) for path in TRACKED if path.name in locks] == []


def test_no_tracked_file_names_a_place_of_one_machine():
    places = ("/home" + "/", "/wo" + "rk/", "/root" + "/")
    pattern = re.compile("|".join(f"(?<![\\w.$}}]){place}(?!you\\b)\\w" for place in places))
    assert [of_tree(path) for path in TEXTS if pattern.search(text(path))] == []


def test_no_recording_is_tracked():
    assert [of_tree(path) for path in TRACKED if path.name.endswith((".jsonl.gz", ".lfr"))] == []


def test_the_path_of_one_frame_is_eight_short_files_that_exist():
    page = (
        text(ROOT / "docs/architecture.md").split("## The path of one frame")[1].split("\n## ")[0]
    )
    files = re.findall(r"^\| `([\w/]+\.py)`", page, re.MULTILINE)
    assert 1 <= len(files) <= 8
    for name in files:
        assert len(text(ROOT / name).splitlines()) <= PATH_LINES_MAX, name


@pytest.mark.parametrize("package", ["ledgerflux", "cli", "tui"])
def test_no_file_has_become_the_place_for_everything(package):
    long = {
        of_tree(path): lines
        for path in TRACKED
        if path.suffix == ".py" and of_tree(path).startswith(f"{package}/")
        for lines in [len(text(path).splitlines())]
        if lines > LINES_MAX
    }
    assert long == {}
