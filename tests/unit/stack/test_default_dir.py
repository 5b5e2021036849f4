from pathlib import Path

import pytest

from ledgerflux.errors import ConfigError
from ledgerflux.stack.default_dir import default_path


@pytest.mark.parametrize(
    ("environment", "path"),
    [
        ({"XDG_STATE_HOME": "/x", "HOME": "/h"}, "/x/ledgerflux/default"),
        ({"XDG_STATE_HOME": "relative", "HOME": "/h"}, "/h/.local/state/ledgerflux/default"),
        ({"XDG_STATE_HOME": "", "HOME": "/h"}, "/h/.local/state/ledgerflux/default"),
        ({"HOME": "/h"}, "/h/.local/state/ledgerflux/default"),
    ],
)
def test_the_default_directory_follows_xdg(environment, path):
    assert default_path(environment) == Path(path)


def test_without_a_home_the_password_database_is_asked():
    assert default_path({}) == Path("~").expanduser() / ".local/state/ledgerflux/default"


def test_a_home_that_is_no_absolute_path_is_refused():
    with pytest.raises(ConfigError, match="home directory"):
        default_path({"HOME": "somewhere"})
