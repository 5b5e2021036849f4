"""Secrets as objects, and read back."""

from ledgerflux.deploy.minikube.passwords import WANTED, secret, value_of


def test_each_secret_holds_its_password_and_what_else_it_says():
    made = {wanted.name: secret(wanted, "pw") for wanted in WANTED}
    assert made["nats"]["stringData"] == {"password": "pw"}
    assert made["grafana"]["stringData"] == {"admin-user": "admin", "admin-password": "pw"}
    assert {one["metadata"]["namespace"] for one in made.values()} == {"ledgerflux"}


def test_a_value_is_read_from_what_the_cluster_keeps():
    assert value_of({"data": {"password": "cHc="}}, "password") == "pw"
    assert value_of({}, "password") is None
    assert value_of({"data": None}, "password") is None
