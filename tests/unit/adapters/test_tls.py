import ssl

import pytest
from tls_files import make_tls

from ledgerflux.adapters.tls import server_tls
from ledgerflux.errors import ConfigError


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    return make_tls(tmp_path_factory.mktemp("tls"))


def test_a_pair_of_certificate_and_key_speaks_tls_from_1_2_on(files):
    context = server_tls(*files[1:])
    assert context.minimum_version is ssl.TLSVersion.TLSv1_2


def test_files_that_are_no_pair_are_refused_by_name(files, tmp_path):
    ca, made, key = files
    locked = tmp_path / "locked.pem"
    locked.write_bytes(
        b"-----BEGIN ENCRYPTED PRIVATE KEY-----\nAA==\n-----END ENCRYPTED PRIVATE KEY-----\n"
    )
    empty = tmp_path / "empty.pem"
    empty.touch()
    for pair in (
        (ca, key),
        (made, tmp_path / "none.pem"),
        (empty, key),
        (made, locked),
        (key, made),
    ):
        with pytest.raises(ConfigError) as caught:
            server_tls(*pair)
        assert caught.value.code == "bad_certificate"
        assert str(pair[1]) in str(caught.value)
        assert "PRIVATE" not in str(caught.value)
