"""Memory as minikube takes it."""

from ledgerflux.deploy.minikube.quantities import gigabytes


def test_whole_gigabytes_are_told_as_such():
    assert gigabytes(8192) == "8g"
    assert gigabytes(7900) == "7900m"
