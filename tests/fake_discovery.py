"""What the fake API server says it knows: groups, kinds, and that it checks fields itself."""

GROUPS = {
    "v1": {
        "namespaces": ("Namespace", False, ["ns"]),
        "configmaps": ("ConfigMap", True, ["cm"]),
        "secrets": ("Secret", True, []),
        "services": ("Service", True, ["svc"]),
        "serviceaccounts": ("ServiceAccount", True, ["sa"]),
        "pods": ("Pod", True, ["po"]),
        "events": ("Event", True, ["ev"]),
        "persistentvolumeclaims": ("PersistentVolumeClaim", True, ["pvc"]),
        "resourcequotas": ("ResourceQuota", True, ["quota"]),
    },
    "apps/v1": {
        "statefulsets": ("StatefulSet", True, ["sts"]),
        "deployments": ("Deployment", True, ["deploy"]),
    },
    "policy/v1": {"poddisruptionbudgets": ("PodDisruptionBudget", True, ["pdb"])},
    "networking.k8s.io/v1": {"networkpolicies": ("NetworkPolicy", True, ["netpol"])},
    "autoscaling/v2": {"horizontalpodautoscalers": ("HorizontalPodAutoscaler", True, ["hpa"])},
    "rbac.authorization.k8s.io/v1": {
        "roles": ("Role", True, []),
        "rolebindings": ("RoleBinding", True, []),
    },
}
KINDS = {
    plural: (version, *rest) for version, found in GROUPS.items() for plural, rest in found.items()
}


def discovery(path):
    """Return what the server says it knows, None where nothing of that is asked."""
    if path == "/version":
        return {"major": "1", "minor": "36", "gitVersion": "v1.36.2"}
    if path == "/api":
        return {"kind": "APIVersions", "versions": ["v1"]}
    if path == "/apis":
        groups = [version.split("/") for version in GROUPS if "/" in version]
        return {
            "kind": "APIGroupList",
            "apiVersion": "v1",
            "groups": [
                {
                    "name": group,
                    "versions": [{"groupVersion": f"{group}/{version}", "version": version}],
                    "preferredVersion": {
                        "groupVersion": f"{group}/{version}",
                        "version": version,
                    },
                }
                for group, version in groups
            ],
        }
    if path.startswith("/openapi/v3"):
        return _openapi(path.removeprefix("/openapi/v3").removeprefix("/"))
    version = path.removeprefix("/apis/").removeprefix("/api/")
    if version in GROUPS:
        return {
            "kind": "APIResourceList",
            "apiVersion": "v1",
            "groupVersion": version,
            "resources": [
                {
                    "name": plural,
                    "singularName": kind.lower(),
                    "kind": kind,
                    "namespaced": namespaced,
                    "shortNames": short,
                    "verbs": [
                        "get",
                        "list",
                        "watch",
                        "create",
                        "patch",
                        "delete",
                        "deletecollection",
                    ],
                }
                for plural, (kind, namespaced, short) in GROUPS[version].items()
            ],
        }
    return None


def _openapi(path):
    """Return as much of OpenAPI as tells kubectl that the server checks fields itself."""
    places = {("apis/" if "/" in version else "api/") + version: version for version in GROUPS}
    if not path:
        return {"paths": {place: {"serverRelativeURL": f"/openapi/v3/{place}"} for place in places}}
    group, _, version = places[path].rpartition("/")
    return {
        "openapi": "3.0.0",
        "info": {"title": "fake", "version": "v1"},
        "paths": {
            f"/{path}/{plural}/{{name}}": {
                "patch": {
                    "parameters": [{"name": "fieldValidation", "in": "query"}],
                    "responses": {},
                    "x-kubernetes-group-version-kind": {
                        "group": group,
                        "version": version,
                        "kind": kind,
                    },
                }
            }
            for plural, (kind, _, _) in GROUPS[places[path]].items()
        },
    }
