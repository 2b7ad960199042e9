"""An Argo CD API server as its published REST API behaves (v3: `/api/v1/applications`).

It keeps state: a sync or rollback starts an operation that ends when the controller takes a
turn, `reconcile`. Messages are those of Argo CD, because users and tools match them.
"""

from __future__ import annotations

import copy
import json
from typing import Any
from urllib.parse import unquote

from tests.servers.loopback import Asked, Loopback, Reply

SHA1, SHA2, SHA3 = "1" * 40, "2" * 40, "3" * 40
READ, WRITE = "read-token", "write-token"


def application(name: str = "shop", **changes: Any) -> dict[str, Any]:
    """An Application synced to SHA2, with two past deployments."""
    source = {
        "repoURL": "https://git.example.com/shop.git",
        "path": "deploy",
        "targetRevision": "main",
    }
    body: dict[str, Any] = {
        "metadata": {
            "name": name,
            "namespace": "argocd",
            "resourceVersion": "7",
            "managedFields": [{"manager": "argocd-server"}],
        },
        "spec": {
            "project": "default",
            "source": source,
            "destination": {"server": "https://kubernetes.default.svc", "namespace": "shop"},
        },
        "status": {
            "sync": {"status": "Synced", "revision": SHA2, "comparedTo": {"source": source}},
            "health": {"status": "Healthy"},
            "reconciledAt": "2026-11-20T10:00:10Z",
            "operationState": {
                "phase": "Succeeded",
                "message": "successfully synced (all tasks run)",
                "startedAt": "2026-11-20T10:00:00Z",
                "finishedAt": "2026-11-20T10:00:05Z",
                "syncResult": {"revision": SHA2, "source": source, "resources": []},
            },
            "history": [
                {"id": 0, "revision": SHA1, "deployedAt": "2026-11-19T10:00:00Z", "source": source},
                {
                    "id": 1,
                    "revision": SHA2,
                    "deployedAt": "2026-11-20T10:00:05Z",
                    "source": source,
                    "initiatedBy": {"username": "admin"},
                },
            ],
            "summary": {"images": ["registry.example.com/shop:1.9.0"]},
        },
    }
    body["spec"].update(changes.pop("spec", {}))
    body["metadata"].update(changes.pop("metadata", {}))
    body["status"].update(changes.pop("status", {}))
    return copy.deepcopy(body)


class ArgocdServer(Loopback):
    """Applications by name, manifests by (name, revision), managed resources by name."""

    def __init__(self, *applications: dict[str, Any]) -> None:
        super().__init__()
        self.route("GET", "/api/version", lambda _: Reply(body={"Version": "v3.1.0+abc"}))
        self.route("GET", "/api/v1/session/userinfo", _user)
        for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
            self.route(method, ".*", self._answer)
        self.applications = {one["metadata"]["name"]: one for one in applications}
        self.manifests: dict[tuple[str, str], list[dict[str, Any]]] = {}
        self.resources: dict[str, list[dict[str, Any]]] = {}
        self.head = SHA2
        self.stuck = False
        """Whether the controller takes no turn of its own when it is asked to look again."""

    def _answer(self, asked: Asked) -> Reply:
        token = asked.headers.get("authorization", "")
        if token not in {f"Bearer {READ}", f"Bearer {WRITE}"}:
            return _error(401, 16, "invalid session: token signature is invalid")
        steps = unquote(asked.path).removeprefix("/api/v1/applications").strip("/").split("/")
        if not asked.path.startswith("/api/v1/applications"):
            return _error(404, 5, "Not Found")
        if steps == [""]:
            return self._list(asked)
        found = self.applications.get(steps[0])
        namespace = asked.query.get("appNamespace") or (
            (asked.json() or {}).get("appNamespace") if asked.body else None
        )
        if found is None or (namespace or "argocd") != found["metadata"]["namespace"]:
            return _error(403, 7, "permission denied")
        if asked.method != "GET" and token != f"Bearer {WRITE}":
            return _error(
                403, 7, f"permission denied: applications, sync, default/{steps[0]}, sub: reader"
            )
        verb = steps[1] if len(steps) > 1 else ""
        return self._one(asked, found, verb)

    def _list(self, asked: Asked) -> Reply:
        items = [
            one
            for one in self.applications.values()
            if asked.query.get("projects", one["spec"]["project"]) == one["spec"]["project"]
            and _selected(one, asked.query.get("selector", ""))
        ]
        return Reply(body={"metadata": {"resourceVersion": "9"}, "items": items or None})

    def _one(self, asked: Asked, found: dict[str, Any], verb: str) -> Reply:
        name = found["metadata"]["name"]
        match asked.method, verb:
            case "GET", "":
                if asked.query.get("refresh") and not self.stuck:
                    self.reconcile(name)
                reply = Reply(body=found)
            case "GET", "manifests":
                reply = self._manifests(name, asked.query.get("revision") or self.head)
            case "GET", "managed-resources":
                reply = Reply(body={"items": self.resources.get(name)})
            case "POST", "sync":
                reply = self._sync(found, asked.json())
            case "POST", "rollback":
                reply = self._rollback(found, asked.json())
            case "PATCH", "":
                reply = self._patch(found, asked.json())
            case _:
                reply = _error(404, 5, "Not Found")
        return reply

    def _manifests(self, name: str, revision: str) -> Reply:
        if (name, revision) not in self.manifests:
            return _error(500, 2, f"rpc error: code = Unknown desc = failed to resolve {revision}")
        texts = [json.dumps(one) for one in self.manifests[name, revision]]
        return Reply(body={"manifests": texts, "revision": revision, "sourceType": "Directory"})

    def _sync(self, found: dict[str, Any], body: dict[str, Any]) -> Reply:
        revision, target = body.get("revision", ""), found["spec"]["source"]["targetRevision"]
        if _automated(found) and revision not in {"", target} and not body.get("dryRun"):
            words = f"Cannot sync to {revision}: auto-sync currently set to {target}"
            return _error(400, 9, words)
        return self._start(found, revision or self.head, found["spec"]["source"], body)

    def _rollback(self, found: dict[str, Any], body: dict[str, Any]) -> Reply:
        if _automated(found):
            return _error(400, 9, "rollback cannot be initiated when auto-sync is enabled")
        wanted = body.get("id") or 0  # a missing id is zero there, as in protobuf
        if isinstance(wanted, str):
            return _error(400, 3, "json: cannot unmarshal string into Go value of type int64")
        for entry in found["status"]["history"]:
            if entry["id"] == wanted:
                return self._start(found, entry["revision"], entry["source"], body)
        name = found["metadata"]["name"]
        return _error(
            400, 3, f"application argocd/{name} does not have deployment with id {wanted}"
        )

    def _start(
        self, found: dict[str, Any], revision: str, source: dict[str, Any], body: dict[str, Any]
    ) -> Reply:
        if found.get("operation"):
            return _error(400, 9, "another operation is already in progress")
        resources = body.get("resources")
        found["operation"] = {
            "sync": {
                "revision": revision,
                "source": source,
                "prune": body.get("prune", False),
                "dryRun": body.get("dryRun", False),
                **({"resources": resources} if resources else {}),
            }
        }
        return Reply(body=found)

    def _patch(self, found: dict[str, Any], body: dict[str, Any]) -> Reply:
        if body.get("patchType") not in {"json", ""}:
            return _error(400, 3, f"Patch type '{body.get('patchType')}' is not supported")
        changed = copy.deepcopy(found)
        for step in json.loads(body["patch"]):
            problem = _apply(changed, step)
            if problem:
                return _error(500, 2, f"error applying patch: {problem}")
        found.update(changed)
        return Reply(body=found)

    def reconcile(self, name: str, *, phase: str = "Succeeded", health: str = "") -> None:
        """The controller's turn: end a running operation and compare with Git."""
        found = self.applications[name]
        status = found["status"]
        running = found.pop("operation", None)
        if running:
            sync = running["sync"]
            status["operationState"] = {
                "phase": phase,
                "message": "one or more objects failed to apply" if phase != "Succeeded" else "ok",
                "startedAt": "2026-11-20T11:00:00Z",
                "finishedAt": "2026-11-20T11:00:05Z",
                "syncResult": {key: sync[key] for key in ("revision", "source")},
            }
            if phase == "Succeeded" and not sync["dryRun"]:
                newest = max(entry["id"] for entry in status["history"])
                status["history"].append(
                    {
                        "id": newest + 1,
                        "revision": sync["revision"],
                        "deployedAt": "2026-11-20T11:00:05Z",
                        "source": sync["source"],
                    }
                )
        deployed = status["history"][-1]["revision"]
        status["sync"] = {
            "status": "Synced" if deployed == self.head else "OutOfSync",
            "revision": self.head,
            "comparedTo": {"source": found["spec"]["source"]},
        }
        status["reconciledAt"] = "2026-11-20T11:00:06Z"
        if health:
            status["health"] = {"status": health}


def _user(asked: Asked) -> Reply:
    """Answers without a session, too, as Argo CD does."""
    token = asked.headers.get("authorization", "")
    known = {f"Bearer {READ}": "reader", f"Bearer {WRITE}": "writer"}.get(token)
    return Reply(body={"loggedIn": True, "username": known} if known else {})


def _automated(found: dict[str, Any]) -> bool:
    automated = found["spec"].get("syncPolicy", {}).get("automated")
    return automated is not None and automated.get("enabled", True) is not False


def _selected(found: dict[str, Any], selector: str) -> bool:
    labels = found["metadata"].get("labels", {})
    pairs = [pair.split("=", 1) for pair in selector.split(",") if pair]
    return all(labels.get(key) == value for key, value in pairs)


def _apply(root: Any, step: dict[str, Any]) -> str:
    """One RFC 6902 step on objects; returns what is wrong with it."""
    *parents, last = [
        one.replace("~1", "/").replace("~0", "~") for one in step["path"].split("/")[1:]
    ]
    for key in parents:
        root = root[int(key)] if isinstance(root, list) else root.get(key)
        if root is None:
            return f"{step['path']} is missing"
    key = int(last) if isinstance(root, list) else last
    if step["op"] == "test":
        seen = root[key] if isinstance(root, list) else root.get(key)
        return "" if seen == step["value"] else f"testing value {step['path']} failed"
    if step["op"] == "remove":
        del root[key]
    else:
        root[key] = step["value"]
    return ""


def _error(status: int, code: int, message: str) -> Reply:
    return Reply(status, {"error": message, "code": code, "message": message})
