from pathlib import Path

from ledgerflux.settings.places import cache_dir, settings_files

HERE = Path("/here")


def test_the_project_comes_before_the_user():
    assert settings_files({"HOME": "/me"}, HERE) == [
        HERE / "ledgerflux.toml",
        Path("/me/.config/ledgerflux/config.toml"),
    ]
    both = {"HOME": "/me", "XDG_CONFIG_HOME": "/etc/mine"}
    assert settings_files(both, HERE)[1] == Path("/etc/mine/ledgerflux/config.toml")


def test_a_user_without_a_home_has_no_file():
    assert settings_files({}, HERE) == [HERE / "ledgerflux.toml"]
    assert settings_files({"XDG_CONFIG_HOME": "relative", "HOME": "~"}, HERE) == [
        HERE / "ledgerflux.toml"
    ]


def test_what_can_be_made_again_has_a_place_of_its_own(monkeypatch):
    monkeypatch.setenv("HOME", "/me")
    assert cache_dir({"XDG_CACHE_HOME": "/tmp/c"}) == Path("/tmp/c/ledgerflux")
    assert cache_dir({}) == Path("/me/.cache/ledgerflux")
    assert cache_dir({"XDG_CACHE_HOME": "relative"}) == Path("/me/.cache/ledgerflux")
