"""Speed and memory of the drift analysis: 5,000 objects as an API server returns them.

    python -m benchmarks.drift [COUNT]

Deployments with three containers, ConfigMaps and Services in equal parts; one in fifty
differs. Prints seconds, the median per object, and the memory the comparison needed.
"""

from __future__ import annotations

import copy
import json
import statistics
import sys
import time
import tracemalloc
from typing import Any

from aof.analysis.drift import DriftReport, compare, compare_all

_TIME = "2026-11-20T12:00:00Z"


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 5000
    desired = [_OBJECTS[index % 3](index) for index in range(count)]
    live = [_live(obj, index) for index, obj in enumerate(desired)]
    compare(desired=desired[0], live=live[0], last_synced=desired[0])  # load the tables
    started = time.perf_counter()
    report = compare_all(desired, live, desired)
    elapsed = time.perf_counter() - started
    expected = sum(_is_edited(index) for index in range(count))
    assert len(report.drifted) == expected, (len(report.drifted), expected)
    print(f"objects                  {count}, {expected} of them drifted")
    print(f"compare_all              {elapsed:.2f} s")
    print(f"one object, median       {_median_ms(desired, live):.3f} ms")
    print(f"slowest object           {_slowest_ms(desired, live):.3f} ms")
    print(f"memory while comparing   {_peak_mib(desired, live):.1f} MiB on top of the objects")
    print(f"parsing the same as JSON {_parse_seconds(live):.2f} s")
    print(f"resident, all included   {_resident_mib():.0f} MiB")


def _is_edited(index: int) -> bool:
    return index % 51 == 0


def _times_ms(desired: list[dict[str, Any]], live: list[dict[str, Any]]) -> list[float]:
    times = []
    for one, other in list(zip(desired, live, strict=True))[:1500]:
        started = time.perf_counter()
        compare(desired=one, live=other, last_synced=one)
        times.append((time.perf_counter() - started) * 1000)
    return times


def _median_ms(desired: list[dict[str, Any]], live: list[dict[str, Any]]) -> float:
    return statistics.median(_times_ms(desired, live))


def _slowest_ms(desired: list[dict[str, Any]], live: list[dict[str, Any]]) -> float:
    return max(_times_ms(desired, live))


def _peak_mib(desired: list[dict[str, Any]], live: list[dict[str, Any]]) -> float:
    tracemalloc.start()
    report: DriftReport = compare_all(desired, live, desired)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert report.resources
    return peak / 2**20


def _parse_seconds(live: list[dict[str, Any]]) -> float:
    text = json.dumps({"items": live})
    started = time.perf_counter()
    json.loads(text)
    return time.perf_counter() - started


def _resident_mib() -> float:
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _deployment(index: int) -> dict[str, Any]:
    labels = {"app": f"app-{index}", "team": "shop"}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": f"app-{index}", "namespace": "shop", "labels": labels},
        "spec": {
            "replicas": 3,
            "selector": {"matchLabels": labels},
            "template": {
                "metadata": {"labels": labels},
                "spec": {"containers": [_container(name) for name in ("web", "proxy", "log")]},
            },
        },
    }


def _container(name: str) -> dict[str, Any]:
    return {
        "name": name,
        "image": f"registry.example.com/{name}:1.2.3",
        "env": [{"name": f"VAR_{one}", "value": str(one)} for one in range(8)],
        "ports": [{"containerPort": 8080, "name": "http"}],
        "resources": {
            "limits": {"cpu": "1000m", "memory": "1024Mi"},
            "requests": {"cpu": 0.5, "memory": "512Mi"},
        },
        "readinessProbe": {"httpGet": {"path": "/ready", "port": 8080}},
        "volumeMounts": [{"name": "tmp", "mountPath": "/tmp"}],
    }


def _config_map(index: int) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": f"config-{index}", "namespace": "shop"},
        "data": {f"key-{one}": "value\n" * 20 for one in range(10)},
    }


def _service(index: int) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": f"app-{index}", "namespace": "shop"},
        "spec": {"selector": {"app": f"app-{index}"}, "ports": [{"port": 80, "targetPort": 8080}]},
    }


_OBJECTS = (_deployment, _config_map, _service)


def _live(desired: dict[str, Any], index: int) -> dict[str, Any]:
    live = copy.deepcopy(desired)
    entries = [_entry("argocd-controller", "Apply", _fields(desired))]
    if desired["kind"] == "Deployment":
        _default_deployment(live["spec"])
        entries.append(
            {**_entry("kube-controller-manager", "Update", _STATUS), "subresource": "status"}
        )
        if _is_edited(index):
            live["spec"]["replicas"] = 5
            entries.append(_entry("kubectl-edit", "Update", {"f:spec": {"f:replicas": {}}}))
    elif desired["kind"] == "Service":
        live["spec"] |= {"clusterIP": "10.0.0.1", "type": "ClusterIP", "sessionAffinity": "None"}
        live["spec"]["ports"][0]["protocol"] = "TCP"
        if _is_edited(index):
            live["spec"]["ports"][0]["targetPort"] = 9090
    elif _is_edited(index):
        live["data"]["key-3"] = "edited"
    live["metadata"] |= {
        "uid": f"u{index}",
        "resourceVersion": str(index),
        "managedFields": entries,
    }
    return live


def _default_deployment(spec: dict[str, Any]) -> None:
    spec |= {"progressDeadlineSeconds": 600, "revisionHistoryLimit": 10}
    spec["strategy"] = {
        "type": "RollingUpdate",
        "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": "25%"},
    }
    pod = spec["template"]["spec"]
    pod |= {"restartPolicy": "Always", "dnsPolicy": "ClusterFirst", "securityContext": {}}
    for container in pod["containers"]:
        container |= {"imagePullPolicy": "IfNotPresent", "terminationMessagePolicy": "File"}
        container["ports"][0]["protocol"] = "TCP"
        container["resources"]["limits"] = {"cpu": "1", "memory": "1Gi"}
        container["resources"]["requests"] = {"cpu": "500m", "memory": "512Mi"}
        container["readinessProbe"] |= {"periodSeconds": 10, "timeoutSeconds": 1}


_STATUS = {"f:status": {"f:conditions": {".": {}}, "f:replicas": {}}}


def _entry(manager: str, operation: str, fields: dict[str, Any]) -> dict[str, Any]:
    return {
        "manager": manager,
        "operation": operation,
        "time": _TIME,
        "fieldsType": "FieldsV1",
        "fieldsV1": fields,
    }


def _fields(value: Any) -> dict[str, Any]:
    """Ownership of everything declared, written the way the server writes it."""
    if isinstance(value, dict):
        skipped = {"apiVersion", "kind", "name", "namespace"}
        return {f"f:{name}": _fields(one) for name, one in value.items() if name not in skipped}
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return {_item_name(one): {".": {}, **_fields(one)} for one in value}
    return {}


def _item_name(item: dict[str, Any]) -> str:
    for names in (("containerPort",), ("mountPath",), ("port",), ("name",)):
        if all(name in item for name in names):
            keys: dict[str, Any] = {name: item[name] for name in names}
            if names[0] in {"containerPort", "port"}:
                keys["protocol"] = "TCP"
            return "k:" + json.dumps(keys, sort_keys=True, separators=(",", ":"))
    return "k:{}"


if __name__ == "__main__":
    main()
