"""The checkout is found around the package."""

import pytest

from ledgerflux.deploy import checkout as module
from ledgerflux.deploy.checkout import checkout
from ledgerflux.errors import MissingDependency


def test_it_is_the_repository_of_the_package():
    assert (checkout() / "ledgerflux" / "deploy" / "checkout.py").is_file()


def test_a_wheel_finds_it_around_the_working_directory(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "__file__", str(tmp_path / "site" / "a" / "b" / "c.py"))
    (tmp_path / "tree" / "sub").mkdir(parents=True)
    with pytest.raises(MissingDependency, match="from a checkout"):
        checkout(tmp_path / "tree" / "sub")
    for name in ("k8s", "compose", "pyproject.toml"):
        (tmp_path / "tree" / name).mkdir()
    assert checkout(tmp_path / "tree" / "sub") == tmp_path / "tree"
