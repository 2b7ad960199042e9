"""A Kubernetes API server as the published API behaves, with objects in memory.

Discovery (aggregated and per group), lists in pages with `continue`, label and field
selectors, watches, bearer tokens, RBAC refusals, optimistic locking, every patch type, server-side
apply with owners and conflicts, dry runs, the scale and status subresources, logs, events and
access reviews. It runs no controllers: tests set `status` themselves.
"""

from __future__ import annotations

import copy
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import yaml

from tests.servers import kubernetes_discovery as discovery
from tests.servers import kubernetes_objects as changing
from tests.servers.kubernetes_discovery import KINDS, Kind
from tests.servers.kubernetes_watch import History
from tests.servers.loopback import Asked, Loopback, Reply

TOKEN = "cluster-token"


@dataclass
class Stored:
    body: dict[str, Any]
    owners: dict[changing.Path, tuple[str, str]] = field(default_factory=dict)


class KubernetesServer(Loopback):
    """Objects by kind, namespace and name. `forbidden` holds (verb, plural, namespace)."""

    def __init__(self, *manifests: dict[str, Any], kinds: list[Kind] | None = None) -> None:
        super().__init__()
        self.kinds = list(kinds or KINDS)
        self.stored: dict[tuple[str, str, str], Stored] = {}
        self.forbidden: set[tuple[str, str, str]] = set()
        self.logs: dict[tuple[str, str], bytes] = {}
        self.aggregated = True
        self.page = 0
        self.history = History()
        self.watch_reply: Reply | None = None
        self.down_groups: set[str] = set()
        self._clock = 100
        for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
            self.route(method, ".*", self._answer)
        for manifest in manifests:
            self.add(manifest)

    # -- for tests ------------------------------------------------------------------------

    def add(self, manifest: dict[str, Any], *, manager: str = "kubectl-create") -> dict[str, Any]:
        """Put an object in place as if it had been created; returns the stored one."""
        kind = self._kind_of(manifest)
        body = copy.deepcopy(manifest)
        about = body.setdefault("metadata", {})
        if kind.namespaced:
            about.setdefault("namespace", "default")
        about.setdefault("uid", str(uuid.uuid4()))
        about.setdefault("creationTimestamp", "2026-11-20T09:00:00Z")
        about.setdefault("generation", 1)
        about["resourceVersion"] = self._next()
        owners = dict.fromkeys(changing.owned_leaves(manifest), (manager, "Update"))
        key = (kind.plural, about.get("namespace", ""), about["name"])
        self.stored[key] = Stored(body, owners)
        self._happened("ADDED", kind, self.stored[key])
        return body

    def object(self, plural: str, name: str, namespace: str = "default") -> dict[str, Any]:
        return self.stored[plural, namespace, name].body

    def kubeconfig(self, folder: Path, *, token: str = TOKEN, **cluster: Any) -> Path:
        """A kubeconfig with the contexts `test` (current) and `other`."""
        file = folder / "kubeconfig"
        context = {"cluster": "loopback", "user": "tester", "namespace": "default"}
        contexts = [{"name": name, "context": context} for name in ("test", "other")]
        content = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "test",
            "contexts": contexts,
            "clusters": [{"name": "loopback", "cluster": {"server": self.url, **cluster}}],
            "users": [{"name": "tester", "user": {"token": token}}],
        }
        file.write_text(yaml.safe_dump(content))
        return file

    # -- requests -------------------------------------------------------------------------

    def _answer(self, asked: Asked) -> Reply:
        scheme, _, token = asked.headers.get("authorization", "").partition(" ")
        if (scheme.lower(), token) != ("bearer", TOKEN):
            return failure(401, "Unauthorized", "Unauthorized")
        path = unquote(asked.path).strip("/").split("/")
        found = self._discovery(asked, path)
        if found is not None:
            return found
        group, version, rest = self._split(path)
        namespace = ""
        if rest[0] == "namespaces" and len(rest) > 2:
            namespace, rest = rest[1], rest[2:]
        for kind in self.kinds:
            if (kind.group, kind.version, kind.plural) == (group, version, rest[0]):
                return self._on(asked, kind, namespace, rest[1:])
        if rest[0] == "selfsubjectaccessreviews":
            return self._review(asked)
        return failure(404, "NotFound", "the server could not find the requested resource")

    def _split(self, path: list[str]) -> tuple[str, str, list[str]]:
        if path[0] == "api":
            return "", path[1], path[2:] or [""]
        return (*path[1:3], path[3:] or [""])  # type: ignore[return-value]

    def _discovery(self, asked: Asked, path: list[str]) -> Reply | None:
        if path == ["version"]:
            return Reply(body={"major": "1", "minor": "33", "gitVersion": "v1.33.0"})
        if path in (["api"], ["apis"]):
            return self._groups(asked, core=path == ["api"])
        if (path[0], len(path)) not in {("api", 2), ("apis", 3)}:
            return None
        group, version = ("", path[1]) if path[0] == "api" else (path[1], path[2])
        if group in self.down_groups:
            return failure(503, "ServiceUnavailable", "the server is currently unable")
        return Reply(body=discovery.resource_list(self.kinds, group, version))

    def _groups(self, asked: Asked, *, core: bool) -> Reply:
        groups = sorted({kind.group for kind in self.kinds if (not kind.group) == core})
        if self.aggregated and "APIGroupDiscoveryList" in asked.headers.get("accept", ""):
            found = discovery.aggregated(self.kinds, groups, self.down_groups)
            return Reply(200, found, {"content-type": discovery.AGGREGATED})
        if core:
            return Reply(body={"kind": "APIVersions", "versions": ["v1"]})
        listed = [discovery.group_of(self.kinds, one) for one in groups]
        return Reply(body={"kind": "APIGroupList", "groups": listed})

    def _on(self, asked: Asked, kind: Kind, namespace: str, rest: list[str]) -> Reply:
        name, sub = [*rest, "", ""][:2]
        changing_verbs = {"POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}
        listing = "watch" if asked.query.get("watch") == "true" else "list"
        verb = changing_verbs.get(asked.method, "get" if name else listing)
        resource = f"{kind.plural}/{sub}" if sub else kind.plural
        if {(verb, resource, namespace), (verb, resource, "*")} & self.forbidden:
            return self._deny(verb, resource, kind, namespace, name)
        if verb == "list":
            return self._list(asked, kind, namespace)
        if verb == "watch":
            return self._watch(asked, kind, namespace)
        if verb == "create":
            return self._create(asked, kind, namespace)
        if sub and sub not in kind.sub:
            return failure(404, "NotFound", "the server could not find the requested resource")
        return self._one(asked, kind, (kind.plural, namespace, name), verb=verb, sub=sub)

    def _one(
        self, asked: Asked, kind: Kind, key: tuple[str, str, str], *, verb: str, sub: str
    ) -> Reply:
        stored = self.stored.get(key)
        if stored is None:
            if verb == "patch" and _is_apply(asked):
                return self._patch(asked, kind, key, sub)
            return failure(404, "NotFound", f'{_full(kind)} "{key[2]}" not found')
        acts: dict[str, Callable[[], Reply]] = {
            "get": lambda: Reply(
                body=_scale(stored.body) if sub == "scale" else self._shown(stored)
            ),
            "patch": lambda: self._patch(asked, kind, key, sub),
            "update": lambda: self._update(asked, kind, stored, sub),
            "delete": lambda: self._delete(asked, kind, stored),
        }
        return self._log(asked, key[2], stored) if sub == "log" else acts[verb]()

    def _deny(self, verb: str, resource: str, kind: Kind, namespace: str, name: str) -> Reply:
        target = f' "{name}"' if name else ""
        where = f' in the namespace "{namespace}"' if namespace else " at the cluster scope"
        words = (
            f'{_full(kind)}{target} is forbidden: User "tester" cannot {verb} resource '
            f'"{resource}" in API group "{kind.group}"{where}'
        )
        return failure(403, "Forbidden", words)

    def _list(self, asked: Asked, kind: Kind, namespace: str) -> Reply:
        found = [
            self._shown(one)
            for (plural, where, _), one in sorted(self.stored.items(), key=lambda pair: pair[0])
            if plural == kind.plural and namespace in {"", where}
            if _matches(one.body, asked.query)
        ]
        start = int(asked.query.get("continue", "0").removeprefix("page-") or 0)
        limit = self.page or int(asked.query.get("limit", 0) or 0)
        page = found[start : start + limit] if limit and "limit" in asked.query else found[start:]
        about: dict[str, Any] = {"resourceVersion": str(self._clock)}
        if start + len(page) < len(found):
            about |= {
                "continue": f"page-{start + len(page)}",
                "remainingItemCount": len(found) - start - len(page),
            }
        items = [{k: v for k, v in one.items() if k not in {"kind", "apiVersion"}} for one in page]
        whole = {"kind": f"{kind.kind}List", "apiVersion": kind.api_version, "metadata": about}
        return Reply(body={**whole, "items": items})

    def _watch(self, asked: Asked, kind: Kind, namespace: str) -> Reply:
        def selects(body: dict[str, Any]) -> bool:
            where = body["metadata"].get("namespace", "")
            return namespace in {"", where} and _matches(body, asked.query)

        if self.watch_reply is not None:
            return self.watch_reply
        since = int(asked.query.get("resourceVersion") or 0)
        seconds = float(asked.query.get("timeoutSeconds") or 1800)
        return Reply(blocks=self.history.watch(kind.plural, since, seconds, selects))

    def _happened(self, event: str, kind: Kind, stored: Stored) -> None:
        self.history.add(self._clock, event, kind.plural, self._shown(stored))

    def _create(self, asked: Asked, kind: Kind, namespace: str) -> Reply:
        manifest = asked.json()
        name = manifest["metadata"]["name"]
        if (kind.plural, namespace, name) in self.stored:
            return failure(409, "AlreadyExists", f'{_full(kind)} "{name}" already exists')
        return Reply(201, self.add(manifest))

    def _log(self, asked: Asked, name: str, stored: Stored) -> Reply:
        names = [one["name"] for one in stored.body["spec"]["containers"]]
        chosen = asked.query.get("container")
        if chosen is None and len(names) > 1:
            words = f"a container name must be specified for pod {name}, choose one of: {names}"
            return failure(400, "BadRequest", words)
        if chosen not in {None, *names}:
            return failure(400, "BadRequest", f"container {chosen} is not valid for pod {name}")
        key = f"{chosen or names[0]}{' previous' if asked.query.get('previous') else ''}"
        text = self.logs.get((name, key))
        if text is None:
            words = f'previous terminated container "{chosen}" in pod "{name}" not found'
            return failure(400, "BadRequest", words)
        lines = text.splitlines(keepends=True)
        tail = int(asked.query.get("tailLines", len(lines)))
        return Reply(200, b"".join(lines[len(lines) - min(tail, len(lines)) :]))

    def _patch(self, asked: Asked, kind: Kind, key: tuple[str, str, str], sub: str) -> Reply:
        stored = self.stored.get(key)
        draft = copy.deepcopy(stored) if stored else None
        problem: Reply | None = None
        if _is_apply(asked):
            draft, problem = self._apply(asked, kind, key, draft)
        else:
            assert draft is not None
            problem = self._patched(asked, kind, draft, sub)
        if problem is not None:
            return problem
        assert draft is not None
        return self._keep(asked, kind, key, draft, before=stored, sub=sub)

    def _apply(
        self, asked: Asked, kind: Kind, key: tuple[str, str, str], draft: Stored | None
    ) -> tuple[Stored | None, Reply | None]:
        manager = asked.query.get("fieldManager", "")
        if not manager:
            return None, failure(400, "BadRequest", "fieldManager is required for apply patch")
        manifest = yaml.safe_load(asked.body)
        if (manifest.get("apiVersion"), manifest.get("kind")) != (kind.api_version, kind.kind):
            return None, failure(400, "BadRequest", "invalid object type")
        if "managedFields" in manifest["metadata"]:
            words = "metadata.managedFields must be nil"
            return None, failure(400, "BadRequest", words)
        if draft is None:
            about = {"namespace": key[1]} if key[1] else {}
            about |= {"uid": str(uuid.uuid4()), "creationTimestamp": "2026-11-20T10:00:00Z"}
            draft = Stored({"metadata": {**about, "generation": 0, "name": key[2]}})
        force = asked.query.get("force") == "true"
        merged, conflicts = changing.apply(draft.body, draft.owners, manifest, manager, force=force)
        if conflicts:
            count = f"Apply failed with {len(conflicts)} conflict{'s' * (len(conflicts) > 1)}"
            causes = [
                {
                    "reason": "FieldManagerConflict",
                    "message": one.split(": ")[0],
                    "field": one.split(": ")[1],
                }
                for one in conflicts
            ]
            words = f"{count}: {'; '.join(conflicts)}"
            return None, failure(409, "Conflict", words, causes)
        draft.body = merged
        return draft, None

    def _patched(self, asked: Asked, kind: Kind, draft: Stored, sub: str) -> Reply | None:
        patch, how = asked.json(), asked.headers.get("content-type", "")
        before = copy.deepcopy(draft.body)
        if how == "application/json-patch+json":
            problem = changing.json_patch(draft.body, patch)
            if problem:
                words = "the server rejected our request due to an error in our request"
                cause = {"reason": "UnexpectedServerResponse", "message": problem}
                return failure(422, "Invalid", words, [cause])
        elif how == "application/strategic-merge-patch+json" and kind.group in {"", "apps"}:
            draft.body = changing.merge(draft.body, patch, strategic=True)
        elif how == "application/merge-patch+json":
            target = _scale(draft.body) if sub == "scale" else draft.body
            merged = changing.merge(target, patch)
            draft.body = _scaled(draft.body, merged) if sub == "scale" else merged
        else:
            words = (
                "the body of the request was in an unknown format - accepted media types include:"
            )
            return failure(415, "UnsupportedMediaType", words)
        if sub == "status":
            draft.body = {**before, "status": draft.body.get("status")}
        elif "status" in kind.sub and "status" in before:
            draft.body["status"] = before["status"]
        wanted = (
            (patch.get("metadata") or {}).get("resourceVersion")
            if isinstance(patch, dict)
            else None
        )
        if wanted not in {None, before["metadata"]["resourceVersion"]}:
            return conflict(kind, before["metadata"]["name"])
        manager = asked.query.get("fieldManager") or asked.headers["user-agent"].split("/")[0]
        known = changing.owned_leaves(before)
        for path, value in changing.owned_leaves(draft.body).items():
            if path not in known or known[path] != value:
                draft.owners[path] = (manager, "Update")
        return None

    def _update(self, asked: Asked, kind: Kind, stored: Stored, sub: str) -> Reply:
        body = asked.json()
        about = stored.body["metadata"]
        if body["metadata"].get("resourceVersion") not in {None, about["resourceVersion"]}:
            return conflict(kind, about["name"])
        key = (kind.plural, about.get("namespace", ""), about["name"])
        draft = Stored(_scaled(stored.body, body) if sub == "scale" else body, stored.owners)
        return self._keep(asked, kind, key, draft, before=stored, sub=sub)

    def _keep(
        self,
        asked: Asked,
        kind: Kind,
        key: tuple[str, str, str],
        draft: Stored,
        *,
        before: Stored | None,
        sub: str,
    ) -> Reply:
        invalid = _invalid(draft.body)
        if invalid:
            words = f'{kind.kind}.{kind.group or "core"} "{key[2]}" is invalid: {invalid}'
            field_name, _, message = invalid.partition(": ")
            return failure(422, "Invalid", words, [{"field": field_name, "message": message}])
        old = before.body if before else {}
        if draft.body.get("spec") != old.get("spec"):
            draft.body["metadata"]["generation"] = old.get("metadata", {}).get("generation", 0) + 1
        if draft.body != old:
            draft.body["metadata"]["resourceVersion"] = self._next()
        if asked.query.get("dryRun") != "All":
            self.stored[key] = draft
            if draft.body != old:
                self._happened("MODIFIED" if before else "ADDED", kind, draft)
        shown = _scale(draft.body) if sub == "scale" else self._shown(draft)
        return Reply(200 if before else 201, shown)

    def _delete(self, asked: Asked, kind: Kind, stored: Stored) -> Reply:
        about = stored.body["metadata"]
        wanted = ((asked.json() or {}).get("preconditions") or {}).get("uid")
        if wanted not in {None, about["uid"]}:
            words = f"the UID in the precondition ({wanted}) does not match the UID in record"
            return failure(409, "Conflict", words)
        if asked.query.get("dryRun") != "All":
            del self.stored[kind.plural, about.get("namespace", ""), about["name"]]
            self._next()
            self._happened("DELETED", kind, stored)
        details = {
            "name": about["name"],
            "group": kind.group,
            "kind": kind.plural,
            "uid": about["uid"],
        }
        return Reply(
            body={"kind": "Status", "apiVersion": "v1", "status": "Success", "details": details}
        )

    def _review(self, asked: Asked) -> Reply:
        review = asked.json()
        wanted = review["spec"]["resourceAttributes"]
        below = f"/{wanted['subresource']}" if wanted.get("subresource") else ""
        resource = f"{wanted['resource']}{below}"
        where = wanted.get("namespace", "")
        denied = {
            (wanted["verb"], resource, where),
            (wanted["verb"], resource, "*"),
        } & self.forbidden
        status = {"allowed": not denied, **({"reason": "no RBAC policy matched"} if denied else {})}
        return Reply(201, {**review, "status": status})

    def _shown(self, stored: Stored) -> dict[str, Any]:
        body = copy.deepcopy(stored.body)
        fields = changing.managed_fields(stored.owners, body.get("apiVersion", "v1"))
        body["metadata"]["managedFields"] = fields
        return body

    def _kind_of(self, manifest: dict[str, Any]) -> Kind:
        wanted = (manifest["apiVersion"], manifest["kind"])
        return next(kind for kind in self.kinds if (kind.api_version, kind.kind) == wanted)

    def _next(self) -> str:
        self._clock += 1
        return str(self._clock)


def failure(
    status: int, reason: str, message: str, causes: list[dict[str, str]] | None = None
) -> Reply:
    """A `Status` object, as every refusal of the API is."""
    body: dict[str, Any] = {
        "kind": "Status",
        "apiVersion": "v1",
        "status": "Failure",
        "message": message,
        "reason": reason,
        "code": status,
    }
    if causes:
        body["details"] = {"causes": causes}
    return Reply(status, body)


def conflict(kind: Kind, name: str) -> Reply:
    words = (
        f'Operation cannot be fulfilled on {_full(kind)} "{name}": the object has been modified; '
        "please apply your changes to the latest version and try again"
    )
    return failure(409, "Conflict", words)


def _full(kind: Kind) -> str:
    return f"{kind.plural}.{kind.group}" if kind.group else kind.plural


def _is_apply(asked: Asked) -> bool:
    return asked.headers.get("content-type") == "application/apply-patch+yaml"


def _scale(body: dict[str, Any]) -> dict[str, Any]:
    about = {k: body["metadata"].get(k) for k in ("name", "namespace", "uid", "resourceVersion")}
    replicas = body["spec"].get("replicas", 1)
    status = {"replicas": body.get("status", {}).get("replicas", 0)}
    return {
        "kind": "Scale",
        "apiVersion": "autoscaling/v1",
        "metadata": about,
        "spec": {"replicas": replicas},
        "status": status,
    }


def _scaled(body: dict[str, Any], scale: dict[str, Any]) -> dict[str, Any]:
    changed = copy.deepcopy(body)
    changed["spec"]["replicas"] = scale["spec"]["replicas"]
    return changed


def _invalid(body: dict[str, Any]) -> str:
    spec = body.get("spec") or {}
    replicas = spec.get("replicas")
    if replicas is not None and (not isinstance(replicas, int) or replicas < 0):
        return f"spec.replicas: Invalid value: {replicas}: must be greater than or equal to 0"
    return ""


def _matches(body: dict[str, Any], query: dict[str, str]) -> bool:
    labels = body["metadata"].get("labels") or {}
    return all(_rule(labels.get, rule) for rule in _rules(query.get("labelSelector", ""))) and all(
        _rule(lambda path: _at(body, path), rule) for rule in _rules(query.get("fieldSelector", ""))
    )


def _rules(text: str) -> list[str]:
    return [one for one in text.split(",") if one]


def _rule(value_of: Callable[[str], Any], rule: str) -> bool:
    if "!=" in rule:
        key, _, value = rule.partition("!=")
        return bool(value_of(key) != value)
    key, _, value = rule.replace("==", "=").partition("=")
    return bool(value_of(key) == value) if "=" in rule else value_of(key) is not None


def _at(body: Any, path: str) -> Any:
    for key in path.split("."):
        body = body.get(key) if isinstance(body, dict) else None
    return body
