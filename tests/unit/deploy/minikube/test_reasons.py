"""Why a workload is not ready, from what the cluster says."""

import pytest

from ledgerflux.deploy.minikube.reasons import look, pod_reasons


def workload(kind="StatefulSet", replicas=1, generation=2, **status):
    whole = {
        "observedGeneration": 2,
        "readyReplicas": replicas,
        "updatedReplicas": replicas,
        "currentRevision": "r2",
        "updateRevision": "r2",
        **status,
    }
    return {
        "kind": kind,
        "metadata": {"name": "nats", "generation": generation},
        "spec": {"replicas": replicas, "selector": {"matchLabels": {"app": "nats"}}},
        "status": whole,
    }


def pod(name="nats-0", revision="r2", app="nats", **status):
    labels = {"app": app, "controller-revision-hash": revision}
    return {"kind": "Pod", "metadata": {"name": name, "labels": labels}, "status": status}


def waiting(reason, message="", **more):
    state = {"waiting": {"reason": reason, "message": message}}
    return {"containerStatuses": [{"image": "img:1", "ready": False, "state": state, **more}]}


def codes(found):
    return [one.code for one in found.reasons]


def test_all_pods_of_the_newest_revision_ready_is_done():
    found = look(workload(), [], [])
    assert found.done
    assert found.line() == "statefulset/nats 1/1"


@pytest.mark.parametrize(
    "status",
    [
        {"readyReplicas": 0},
        {"readyReplicas": None},
        {"updatedReplicas": 0},
        {"observedGeneration": 1},
        {"updateRevision": "r3"},
    ],
)
def test_anything_less_is_not(status):
    assert not look(workload(**status), [], []).done


def test_a_deployment_has_no_revisions_and_no_pods_wanted_is_done():
    assert look(workload("Deployment", currentRevision=None, updateRevision="x"), [], []).done
    assert look(workload(replicas=0, updateRevision="x"), [], []).done


def test_a_workload_that_is_done_gives_no_reasons():
    assert look(workload(), [pod(**waiting("ImagePullBackOff"))], []).reasons == ()


def test_pods_of_others_say_nothing():
    found = look(workload(readyReplicas=0), [pod(app="other", **waiting("ErrImagePull"))], [])
    assert found.reasons == ()


@pytest.mark.parametrize(
    ("status", "code", "words"),
    [
        (waiting("ImagePullBackOff", "Back-off"), "ImagePullBackOff", "img:1"),
        (waiting("ErrImageNeverPull"), "ErrImageNeverPull", "img:1"),
        (waiting("CreateContainerConfigError", 'secret "nats" not found'),
         "CreateContainerConfigError", "secret"),
        (waiting("CrashLoopBackOff", restartCount=4,
                 lastState={"terminated": {"exitCode": 137, "reason": "OOMKilled"}}),
         "CrashLoopBackOff", "4 times, exit code 137 (out of memory)"),
        (waiting("CrashLoopBackOff"), "CrashLoopBackOff", "unknown"),
        ({"containerStatuses": [{"ready": False, "state": {"running": {}}}]},
         "NotReady", "readiness probe fails"),
        ({"initContainerStatuses": [{"state": {"waiting": {"reason": "ErrImagePull"}}}]},
         "ErrImagePull", "can't be had"),
        ({"conditions": [{"type": "PodScheduled", "status": "False",
                          "message": "Insufficient cpu"}]}, "Unschedulable", "Insufficient cpu"),
    ],
)  # fmt: skip
def test_a_pod_tells_its_reason(status, code, words):
    (reason,) = look(workload(readyReplicas=0), [pod(**status)], []).reasons
    assert reason.code == code
    assert words in reason.text


def test_a_pod_that_is_well_or_only_starts_tells_none():
    well = {"containerStatuses": [{"ready": True, "state": {"running": {}}}],
            "conditions": [{"type": "PodScheduled", "status": "True"}]}  # fmt: skip
    assert list(pod_reasons(pod(**well))) == []
    assert list(pod_reasons(pod(**waiting("ContainerCreating")))) == []
    assert list(pod_reasons(pod())) == []


def test_a_rollout_is_stuck_behind_a_broken_pod_of_an_older_revision():
    late = workload(readyReplicas=0, updatedReplicas=0, currentRevision="r1", updateRevision="r3")
    found = look(late, [pod(revision="r2", **waiting("CrashLoopBackOff"))], [])
    assert codes(found) == ["StuckRollout", "CrashLoopBackOff"]
    assert found.reasons[0].fix == "kubectl --context CONTEXT -n ledgerflux delete pod nats-0"


def test_a_rollout_that_fails_with_the_newest_revision_is_not_called_stuck():
    late = workload(readyReplicas=0, currentRevision="r1", updateRevision="r3")
    assert codes(look(late, [pod(revision="r3", **waiting("CrashLoopBackOff"))], [])) == [
        "CrashLoopBackOff"
    ]
    ready = pod(revision="r2", conditions=[{"type": "Ready", "status": "True"}])
    assert codes(look(late, [ready], [])) == []


def test_events_tell_why_no_pod_could_be_made():
    def event(name, message, reason="FailedCreate"):
        return {"involvedObject": {"name": name}, "reason": reason, "message": message}

    events = [
        event("nats", "exceeded quota: q"),
        event("nats-6b7", "violates PodSecurity"),
        event("other", "exceeded quota: q"),
        event("nats", "pulled", "Pulled"),
    ]
    assert codes(look(workload(readyReplicas=0), [], events)) == ["QuotaExceeded", "FailedCreate"]
