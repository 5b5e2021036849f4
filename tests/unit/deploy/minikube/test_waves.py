"""What others need is applied before them."""

from ledgerflux.deploy.minikube.waves import WAVES, is_monitoring, waves_of


def made(kind, name, **labels):
    return {"kind": kind, "metadata": {"name": name, "labels": labels}}


OBJECTS = [
    made("HorizontalPodAutoscaler", "gateway"),
    made("Deployment", "gateway"),
    made("Deployment", "grafana"),
    made("StatefulSet", "metrics", **{"app.kubernetes.io/component": "monitoring"}),
    made("StatefulSet", "nats"),
    made("ConfigMap", "settings"),
    made("Namespace", "ledgerflux"),
]


def test_each_wave_needs_those_before():
    found = {
        wave.name: [one["metadata"]["name"] for one in wave.objects] for wave in waves_of(OBJECTS)
    }
    assert list(found) == list(WAVES)
    assert found == {
        "namespace": ["ledgerflux"],
        "config": ["settings"],
        "stores": ["nats"],
        "roles": ["gateway", "gateway"],
        "monitoring": ["grafana", "metrics"],
    }


def test_only_workloads_are_waited_for():
    waves = {wave.name: wave.workloads for wave in waves_of(OBJECTS)}
    assert waves["roles"] == ["deployment/gateway"]
    assert waves["config"] == []


def test_without_monitoring_nothing_of_it_is_left():
    waves = waves_of(OBJECTS, monitoring=False)
    assert "monitoring" not in [wave.name for wave in waves]
    assert not any(is_monitoring(one) for wave in waves for one in wave.objects)
