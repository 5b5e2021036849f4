"""The cluster's side of a stack, judged."""

from ledgerflux.deploy.minikube.condition import condition, enforced, lines


def workload(name, image, ready=1):
    return {
        "kind": "StatefulSet",
        "metadata": {"name": name, "generation": 1},
        "spec": {
            "replicas": 1,
            "selector": {"matchLabels": {"app": name}},
            "template": {"spec": {"containers": [{"image": image}]}},
        },
        "status": {
            "observedGeneration": 1, "readyReplicas": ready, "updatedReplicas": 1,
            "currentRevision": "1", "updateRevision": "1",
        },
    }  # fmt: skip


OURS = [workload("normalize", "registry.example:5000/ledgerflux:dev-1"), workload("nats", "nats:2")]
STACK = {"schema": "lf.status/1", "problems": []}


def told(objects=OURS, tag="dev-1", stack=STACK):
    return condition("ledgerflux", objects, [], tag, {"gateway": "http://x"}, stack)


def test_all_ready_is_healthy():
    document = told()
    assert document["state"] == "healthy"
    assert document["image"] == {"running": ["dev-1"], "tree": "dev-1", "same": True}


def test_nothing_there_is_down():
    assert told(objects=[], stack=None)["state"] == "down"
    assert told(objects=[], stack=None)["problems"] == []


def test_a_pod_too_few_a_silent_gateway_and_the_stacks_own_problems_are_degraded():
    assert told(objects=[workload("nats", "nats:2", ready=0)])["problems"] == [
        "statefulset/nats 0/1 ready"
    ]
    assert told(stack=None)["problems"] == ["the gateway does not answer"]
    assert told(stack={"problems": ["ingest is late"]})["state"] == "degraded"


def test_an_older_image_and_no_tree_are_said():
    assert any("this tree: dev-2" in line for line in lines(told(tag="dev-2")))
    assert any("no tree here" in line for line in lines(told(tag=None)))
    assert any("as this tree" in line for line in lines(told()))


def test_policies_are_enforced_only_by_a_network_that_knows_them():
    policy = {"kind": "NetworkPolicy", "metadata": {"name": "deny"}}
    kindnet = {"metadata": {"name": "kindnet-x"}}
    calico = {"metadata": {"name": "calico-node-x"}}
    assert enforced([], [calico]) == "none"
    assert enforced([policy], [kindnet]) == "not enforced by this CNI"
    assert enforced([policy], [kindnet, calico]) == "enforced by calico"
