"""Only what can be granted is."""

import pytest

from ledgerflux.deploy.minikube.wish import SIZES, Wish, checked
from ledgerflux.errors import ConfigError


def test_the_usual_wish_is_our_cluster_of_four_cpus():
    wish = checked(Wish())
    assert wish.ours
    assert wish.size == (4, 8192, 20)


def test_a_profile_that_is_none_is_refused():
    with pytest.raises(ConfigError, match="none of minikube, minikube-small"):
        checked(Wish(profile="huge"))
    assert set(SIZES) == {"minikube", "minikube-small"}


def test_another_context_needs_a_yes():
    with pytest.raises(ConfigError, match="whatever runs there would be changed"):
        checked(Wish(kube_context="production"))
    assert not checked(Wish(kube_context="production", yes=True)).ours
