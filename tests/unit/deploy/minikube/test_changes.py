"""A change is one of ours, not of the cluster's."""

from copy import deepcopy

from ledgerflux.deploy.minikube.changes import changed, name_of

OLD = {
    "kind": "StatefulSet",
    "metadata": {"name": "nats", "labels": {"a": "b"}, "resourceVersion": "1", "generation": 1},
    "spec": {"replicas": 1},
    "status": {"readyReplicas": 0},
}


def test_what_is_new_is_changed():
    assert changed([], [OLD]) == ["statefulset/nats"] == [name_of(OLD)]


def test_status_and_the_clusters_own_words_are_no_change():
    new = deepcopy(OLD)
    new["status"]["readyReplicas"] = 1
    new["metadata"].update(resourceVersion="9", generation=2, managedFields=[{}], uid="u")
    assert changed([OLD], [new]) == []


def test_fields_and_labels_are():
    for path, key, value in (("spec", "replicas", 2), ("metadata", "labels", {})):
        new = deepcopy(OLD)
        new[path][key] = value
        assert changed([OLD], [new]) == ["statefulset/nats"]
