"""The command lines that the plan prints are those that are run."""

from ledgerflux.deploy.minikube import commands
from ledgerflux.deploy.minikube.wish import Wish


def test_the_cluster_has_the_size_of_its_profile_and_a_pinned_version():
    argv = commands.start_argv(Wish(profile="minikube-small", cni="calico"))
    assert argv[:4] == ("minikube", "start", "-p", "ledgerflux")
    assert {"--cpus=2", "--memory=4g", "--disk-size=20g", "--cni=calico"} <= set(argv)
    version = next(one for one in argv if one.startswith("--kubernetes-version=v"))
    assert not version.startswith("--kubernetes-version=v1.35.")
    assert not any(one.startswith("--cni") for one in commands.start_argv(Wish()))


def test_every_kubectl_names_its_context():
    for argv in (
        commands.apply_argv("c", "f"),
        commands.rollout_argv("c", "deployment/gateway", 3),
        commands.forward_argv("c", "gateway", 8001, 8000),
    ):
        assert argv[:3] == ("kubectl", "--context", "c")
    assert "8001:8000" in commands.forward_argv("c", "gateway", 8001, 8000)
    assert {"--server-side", "--field-manager=lf"} <= set(commands.apply_argv("c", "f"))


def test_an_image_is_built_and_listed_in_our_profile():
    assert commands.build_argv("ledgerflux:dev-1", "/tree")[-3:] == (
        "-t",
        "ledgerflux:dev-1",
        "/tree",
    )
    assert commands.images_argv()[:3] == ("minikube", "-p", "ledgerflux")
