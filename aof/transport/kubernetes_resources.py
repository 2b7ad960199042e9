"""Which kinds a cluster serves, and what people call them: discovery, asked for once."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from aof.errors import Unreachable, UsageFault

_AGGREGATED = (
    "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,"
    "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,"
    "application/json"
)


@dataclass(frozen=True, slots=True)
class Resource:
    """A kind as one API version serves it. `group` is '' for the oldest kinds (Pod, Service)."""

    group: str
    version: str
    plural: str
    kind: str
    namespaced: bool
    singular: str = ""
    short_names: tuple[str, ...] = ()
    verbs: tuple[str, ...] = ()
    subresources: tuple[str, ...] = ()

    @property
    def api_version(self) -> str:
        """As manifests write it: `apps/v1`, `v1`."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def full_name(self) -> str:
        """`deployments.apps`: names it without doubt."""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    def path(self, namespace: str = "", name: str = "") -> str:
        """`/apis/apps/v1/namespaces/shop/deployments/web`."""
        root = f"/apis/{self.group}/{self.version}" if self.group else f"/api/{self.version}"
        steps = [root]
        if self.namespaced and namespace:
            steps.append(f"namespaces/{quote(namespace, safe='')}")
        steps.append(self.plural)
        if name:
            steps.append(quote(name, safe=""))
        return "/".join(steps)

    def is_called(self, name: str) -> bool:
        """Whether `name` (lower case, without group) means this kind."""
        return name in {self.plural, self.singular, self.kind.lower(), *self.short_names}


class Resources:
    """The kinds of one server.

    Args:
        get: Reads JSON from a path, with an `accept` header.
    """

    def __init__(self, get: Callable[..., Any]) -> None:
        self._get = get
        self._known: list[Resource] | None = None
        self.silent: list[str] = []

    def all(self) -> list[Resource]:
        """Every kind in its preferred version first; asks the server on first use."""
        if self._known is None:
            found = [*self._core(), *self._groups()]
            self._known = found
        return self._known

    def find(self, name: str) -> Resource:
        """The kind called `name`: plural, singular, kind or short name, maybe with `.group`.

        Raises:
            UsageFault: There is none; the closest names are in the fix.
        """
        wanted, _, group = name.lower().partition(".")
        for resource in self.all():
            if resource.is_called(wanted) and group in {"", resource.group, _versioned(resource)}:
                return resource
        raise self._unknown(name)

    def of(self, manifest: Any) -> Resource:
        """The kind of a manifest, in the manifest's own API version.

        Raises:
            UsageFault: It names no kind, or one the server does not have.
        """
        api_version, kind = manifest.get("apiVersion"), manifest.get("kind")
        if not isinstance(api_version, str) or not isinstance(kind, str):
            raise UsageFault("a manifest has no apiVersion or kind", fix="add them")
        for resource in self.all():
            if resource.api_version == api_version and resource.kind == kind:
                return resource
        raise self._unknown(f"{kind} ({api_version})")

    def _unknown(self, name: str) -> UsageFault:
        words = sorted({one.plural for one in self.all()})
        close = difflib.get_close_matches(name.lower().partition(".")[0], words, n=3)
        silent = f"; these API groups did not answer: {', '.join(self.silent)}"
        return UsageFault(
            f"the server does not have a resource type '{name}'",
            why="it is not in its discovery" + (silent if self.silent else ""),
            fix=f"did you mean {', '.join(close)}?" if close else "see: kubectl api-resources",
        )

    def _core(self) -> Iterator[Resource]:
        found = self._get("/api", accept=_AGGREGATED)
        if found.get("kind") == "APIGroupDiscoveryList":
            yield from self._aggregated(found)
            return
        for version in found.get("versions") or []:
            yield from _listed("", version, self._get(f"/api/{version}"))

    def _groups(self) -> Iterator[Resource]:
        found = self._get("/apis", accept=_AGGREGATED)
        if found.get("kind") == "APIGroupDiscoveryList":
            yield from self._aggregated(found)
            return
        for group in found.get("groups") or []:
            preferred = (group.get("preferredVersion") or {}).get("version")
            versions = [one.get("version") for one in group.get("versions") or []]
            for version in sorted(versions, key=lambda one: one != preferred):
                try:
                    listed = self._get(f"/apis/{group['name']}/{version}")
                except Unreachable:  # an aggregated API whose server is down hides only itself
                    self.silent.append(f"{group['name']}/{version}")
                    continue
                yield from _listed(group["name"], version, listed)

    def _aggregated(self, found: Any) -> Iterator[Resource]:
        for group in found.get("items") or []:
            name = (group.get("metadata") or {}).get("name") or ""
            for version in group.get("versions") or []:
                if version.get("freshness") == "Stale":
                    self.silent.append(f"{name}/{version['version']}")
                for item in version.get("resources") or []:
                    yield _from_aggregated(name, version["version"], item)


def _versioned(resource: Resource) -> str:
    """`v1.apps`, as in `deployments.v1.apps`."""
    return f"{resource.version}.{resource.group}" if resource.group else resource.version


def _from_aggregated(group: str, version: str, item: Any) -> Resource:
    return Resource(
        group=group,
        version=version,
        plural=item["resource"],
        kind=(item.get("responseKind") or {}).get("kind", ""),
        namespaced=item.get("scope") == "Namespaced",
        singular=item.get("singularResource") or "",
        short_names=tuple(item.get("shortNames") or ()),
        verbs=tuple(item.get("verbs") or ()),
        subresources=tuple(one["subresource"] for one in item.get("subresources") or ()),
    )


def _listed(group: str, version: str, found: Any) -> Iterator[Resource]:
    """Kinds of an `APIResourceList`; names with a slash are subresources of another line."""
    items = found.get("resources") or []
    for item in items:
        if "/" in item["name"]:
            continue
        below = f"{item['name']}/"
        yield Resource(
            group=group,
            version=version,
            plural=item["name"],
            kind=item["kind"],
            namespaced=bool(item.get("namespaced")),
            singular=item.get("singularName") or "",
            short_names=tuple(item.get("shortNames") or ()),
            verbs=tuple(item.get("verbs") or ()),
            subresources=tuple(
                one["name"].removeprefix(below) for one in items if one["name"].startswith(below)
            ),
        )
