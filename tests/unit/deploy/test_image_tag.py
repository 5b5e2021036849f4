"""A tag changes with what an image is made of, and with nothing else."""

import pytest

from ledgerflux.deploy.image_tag import context_files, ignored, image_tag, read_rules

RULES = ["# all but the package", "*", "!pyproject.toml", "!pkg/", "", "**/__pycache__", "**/*.pyc"]


@pytest.fixture
def root(tmp_path):
    (tmp_path / ".dockerignore").write_text("\n".join(RULES))
    (tmp_path / "pyproject.toml").write_text("name")
    for name in ("pkg/a.py", "pkg/sub/b.py", "pkg/__pycache__/a.pyc", "pkg/c.pyc", "docs/x.md"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    return tmp_path


def test_only_what_is_let_in_counts(root):
    assert context_files(root) == ["pkg/a.py", "pkg/sub/b.py", "pyproject.toml"]


def test_the_tag_is_twelve_digits_of_names_contents_and_modes(root):
    tag = image_tag(root)
    assert tag.startswith("dev-")
    assert len(tag) == 16
    (root / "docs" / "x.md").write_text("other")
    assert image_tag(root) == tag
    (root / "pkg" / "a.py").write_text("other")
    other = image_tag(root)
    assert other != tag
    (root / "pkg" / "a.py").chmod(0o755)
    assert image_tag(root) not in (tag, other)


def test_another_name_is_another_image(root):
    tag = image_tag(root)
    (root / "pkg" / "a.py").rename(root / "pkg" / "z.py")
    assert image_tag(root) != tag


@pytest.mark.parametrize(
    ("name", "out"),
    [
        ("pyproject.toml", False),
        ("README.md", True),
        ("pkg/deep/er/a.py", False),
        ("pkg/deep/__pycache__/a.py", True),
        ("pkg/a.pyc", True),
        ("pkgs/a.py", True),
    ],
)
def test_the_last_rule_that_fits_decides(name, out):
    assert ignored(name, read_rules(RULES)) is out


def test_a_folder_is_walked_for_what_is_let_in_below_it(tmp_path):
    (tmp_path / ".dockerignore").write_text("*\n!a/b.txt\n")
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "b.txt").write_text("")
    (tmp_path / "a" / "c.txt").write_text("")
    assert context_files(tmp_path) == ["a/b.txt"]
