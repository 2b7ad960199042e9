"""What `argocd` reads through the REST API: applications, manifests, differences, arrival.

The writes stand in `argocd`; what an Application says is read in `argocd_application`.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal
from urllib.parse import quote

from pydantic import Field

from aof.clock import Clock
from aof.errors import PlanRefused, Unreachable, UsageFault
from aof.messages import ToolOutput
from aof.tools import argocd_application as reading
from aof.tools import kubernetes_objects as objects
from aof.tools.base import Setting, Tool, operation
from aof.transport.http import Answer, Http

_NAME = r"^([a-z0-9]([-a-z0-9]*[a-z0-9])?/)?[a-z0-9]([-a-z0-9.]*[a-z0-9])?$"
AppName = Annotated[str, Field(pattern=_NAME, max_length=317)]
"""An Application's name, or `namespace/name` for one outside Argo CD's own namespace."""

Revision = Annotated[str, Field(pattern=r"^([^\s-]\S*)?$", max_length=255)]
"""A commit, tag, branch or chart version; '' means the one the Application targets."""


_POLL_S = 5.0
_REFRESH_EVERY = 6  # looks; each makes Argo CD compare with Git
_FAILED_PRECONDITION = 9


class ArgocdReads(Tool):
    """Reads of one Argo CD server; base of `Argocd`."""

    name: ClassVar[str] = "argocd"
    about: ClassVar[str] = "Argo CD applications: state, manifests, history, sync and rollback."
    settings_read: ClassVar[tuple[Setting, ...]] = (
        Setting("ARGOCD_SERVER", "address of Argo CD, e.g. argocd.example.com", required=True),
        Setting("ARGOCD_TOKEN", "token for reading", required=True, secret=True),
        Setting("ARGOCD_TOKEN_WRITE", "token for changes", secret=True, write_only=True),
        Setting("ARGOCD_CA_FILE", "CA certificate of a server with a private one"),
        Setting("ARGOCD_INSECURE", "'true' accepts any certificate"),
    )

    def __init__(self, settings: Mapping[str, str], *, clock: Clock | None = None) -> None:
        super().__init__(settings, clock=clock)
        self._connections: dict[str, Http] = {}

    def probe(self) -> str:
        """Ask for the version and whether the token is accepted; says both."""
        version = self._get("/api/version", {}).get("Version", "")
        user = self._get("/api/v1/session/userinfo", {})
        if not user.get("loggedIn"):
            raise Unreachable(
                "Argo CD does not accept the token",
                why="it takes us for somebody not logged in",
                fix="renew ARGOCD_TOKEN",
            )
        return f"Argo CD {version} as {user.get('username', '')}".strip()

    @operation()
    def app_list(self, project: str = "", selector: str = "") -> ToolOutput:
        """List applications with their sync status, health and revision.

        Args:
            project: Only this Argo CD project.
            selector: Only applications with these labels, e.g. `team=shop,env!=dev`.

        Returns:
            `{"applications": [overview, ...]}`, sorted by namespace and name. An overview
            is what `app_get` returns without `application`.
        """
        found = self._get("/api/v1/applications", {"projects": project, "selector": selector})
        listed = [reading.overview(item) for item in found.get("items") or []]
        listed.sort(key=lambda item: (str(item["namespace"]), str(item["name"])))
        ill = sum(item["sync"] != "Synced" or item["health"] != "Healthy" for item in listed)
        return self._output(
            {"applications": listed}, f"{len(listed)} applications, {ill} not Synced and Healthy"
        )

    @operation()
    def app_get(self, name: AppName, refresh: bool = False) -> ToolOutput:
        """Show one application: sync, health, revision, last operation, auto-sync, owner.

        Args:
            name: Application, or `namespace/name`.
            refresh: Make Argo CD compare with Git again first.

        Returns:
            `{name, namespace, project, destination, sources, sync, revision, deployed, health,
            health_message, auto_sync, self_heal, managed_by, operation: {running, phase,
            message, revision, started_at, finished_at, failed}, conditions, images,
            reconciled_at, application}`. `revision` is the one of Git it was last compared
            with, `deployed` the one last rolled out; after a rollback they differ. Revisions of
            an application with several sources are joined by commas. `managed_by` names what
            generates the Application and would undo a direct edit of it. `application` is the
            whole object.
        """
        application = self._application(name, refresh=refresh)
        facts = reading.overview(application)
        return self._output({**facts, "application": application}, _one_line(facts))

    @operation()
    def app_history(self, name: AppName) -> ToolOutput:
        """List past deployments of an application, newest first, with their history IDs.

        Args:
            name: Application, or `namespace/name`.

        Returns:
            `{"auto_sync": bool, "history": [{id, revision, deployed_at, target_revision,
            initiated_by, current}]}`. `id` is what `app_rollback` takes: a small number, never
            a commit. A history entry was deployed; it says nothing about health then.
        """
        application = self._application(name)
        entries = reading.history(application)
        summary = f"{name}: {len(entries)} deployments"
        if entries:
            summary += f", current is ID {entries[0]['id']} at {entries[0]['revision'][:12]}"
        return self._output(
            {"auto_sync": reading.auto_sync(application), "history": entries}, summary
        )

    @operation(timeout_s=90)
    def app_manifests(self, name: AppName, revision: Revision = "") -> ToolOutput:
        """Render the manifests an application should have, as Argo CD sees them in Git.

        Args:
            name: Application, or `namespace/name`.
            revision: Render this revision instead of the targeted one. Applications with
                several sources have no single revision and refuse it.

        Returns:
            `{"revision", "source_type", "manifests": [object, ...]}`. Argo CD replaces the
            values of Secrets by plus signs.
        """
        if revision and reading.multi_source(self._application(name)):
            raise UsageFault(
                f"{name} has several sources: it cannot be rendered at one revision",
                why="Argo CD ignores the revision then and renders the targeted ones",
                fix="leave the revision out",
            )
        found = self._get(f"{app_path(name)}/manifests", {**where(name), "revision": revision})
        manifests = [_manifest(name, text) for text in found.get("manifests") or []]
        data = {
            "revision": found.get("revision", ""),
            "source_type": found.get("sourceType", ""),
            "manifests": manifests,
        }
        return self._output(data, f"{name}: {len(manifests)} manifests at {data['revision'][:12]}")

    @operation(timeout_s=90)
    def app_diff(self, name: AppName, all_resources: bool = False) -> ToolOutput:
        """Compare what runs with what should run, as Argo CD does, resource by resource.

        Argo CD only looks at fields that Git mentions: additions made by hand are not seen.

        Args:
            name: Application, or `namespace/name`.
            all_resources: Also return resources that do not differ.

        Returns:
            `{"resources": [{group, kind, namespace, name, status, diff, live, target}]}`.
            `status` is same, changed, missing (in Git only) or extra (in the cluster only);
            `diff` is text with Secret values hidden. Hooks are left out.
        """
        found = self._get(f"{app_path(name)}/managed-resources", where(name))
        compared = [_compared(item) for item in found.get("items") or [] if not item.get("hook")]
        differing = [one for one in compared if one["status"] != "same"]
        shown = compared if all_resources else differing
        return self._output(
            {"resources": shown}, f"{name}: {len(differing)} of {len(compared)} resources differ"
        )

    @operation(timeout_s=5500)
    def app_wait(
        self,
        name: AppName,
        revision: Revision = "",
        timeout_s: Annotated[int, Field(ge=0, le=3600)] = 300,
        *,
        soak_s: Annotated[int, Field(ge=0, le=1800)] = 0,
        health: Literal["Healthy", "Suspended", "Degraded", "Progressing"] = "Healthy",
        synced: bool = True,
        operation_needed: bool = True,
    ) -> ToolOutput:
        """Wait until an application runs a revision: synced, operation succeeded, healthy.

        All of it must hold for the same revision: health alone is true of the old one, too.

        Args:
            name: Application, or `namespace/name`.
            revision: Commit (7 digits suffice), or the tag or branch the application targets;
                leave out for whatever it was last compared with.
            timeout_s: Give up after so long; 0 looks once.
            soak_s: Then it must stay so for this long, or the wait has failed.
            health: The health status wanted.
            synced: Give false after a rollback: what runs is not Git's head then, on purpose.
            operation_needed: Give false to accept a revision that needed no sync because it
                does not change the manifests.

        Returns:
            `{"arrived": bool, "outcome", "reason", "revision", "sync", "health", "waited_s",
            "soaked_s"}`. `outcome` is arrived, timeout, failed (the operation did) or lost
            (arrived, then not kept while soaking).
        """
        begun = self.clock.monotonic()
        arrived_at: float | None = None
        for look in itertools.count():
            application = self._application(name, refresh=look % _REFRESH_EVERY == 0)
            now = reading.arrival(
                application,
                revision,
                health=health,
                synced=synced,
                operation_needed=operation_needed,
            )
            elapsed = self.clock.monotonic() - begun
            if now.outcome == "arrived" and arrived_at is None:
                arrived_at = elapsed
            outcome = _outcome(now, elapsed, arrived_at, timeout_s=timeout_s, soak_s=soak_s)
            if outcome:
                break
            self.clock.sleep(_POLL_S)
        facts = reading.overview(application)
        data = {
            "arrived": outcome == "arrived",
            "outcome": outcome,
            "reason": now.reason,
            **{key: facts[key] for key in ("revision", "sync", "health")},
            "waited_s": round(elapsed, 1),
            "soaked_s": 0.0 if arrived_at is None else round(elapsed - arrived_at, 1),
        }
        return self._output(data, f"{name}: {outcome}: {now.reason}")

    # -- requests ---------------------------------------------------------------------------

    def _application(self, name: str, *, refresh: bool = False) -> dict[str, Any]:
        params = {**where(name), "refresh": "normal" if refresh else ""}
        application: dict[str, Any] = self._get(app_path(name), params)
        application.get("metadata", {}).pop("managedFields", None)
        return application

    def _get(self, path: str, params: Mapping[str, str]) -> Any:
        given = {key: value for key, value in params.items() if value}
        found = checked(self._http("ARGOCD_TOKEN").get(path, given)).json()
        if not isinstance(found, dict):
            raise Unreachable(f"Argo CD sent no object for {path}", why=f"it is {found!r:.80}")
        return found

    def _http(self, token: str) -> Http:
        if token not in self._connections:
            ca_file = self.settings.get("ARGOCD_CA_FILE")
            self._connections[token] = Http(
                _base_url(self.settings["ARGOCD_SERVER"]),
                headers={"authorization": f"Bearer {self.settings[token]}"},
                timeout_s=60.0,
                verify=False if self._insecure() else ca_file or True,
            )
        return self._connections[token]

    def _insecure(self) -> bool:
        return self.settings.get("ARGOCD_INSECURE", "").lower() in {"1", "true", "yes"}

    def _output(self, data: Any, summary: str, *warnings: str) -> ToolOutput:
        if self._insecure():
            warnings = (*warnings, "Argo CD's certificate is not checked (ARGOCD_INSECURE)")
        return ToolOutput(data, summary, warnings)


def _base_url(server: str) -> str:
    return server if "://" in server else f"https://{server}"


def app_path(name: str) -> str:
    """Where an application is in the API."""
    return f"/api/v1/applications/{quote(name.rpartition('/')[2], safe='')}"


def where(name: str) -> dict[str, str]:
    """The parameter for an application outside Argo CD's own namespace."""
    return {"appNamespace": name.rpartition("/")[0]}


def checked(answer: Answer) -> Answer:
    """The answer when it is 2xx, else the server's own message.

    Raises:
        PlanRefused: The application's state forbids it (gRPC code FailedPrecondition).
        Unreachable: Any other refusal.
    """
    if 200 <= answer.status < 300:
        return answer
    try:
        body = json.loads(answer.body)
    except ValueError:
        body = None
    said = body if isinstance(body, dict) else {}
    why = str(said.get("message") or said.get("error") or answer.words())
    what = f"{answer.request}: {answer.status}"
    if said.get("code") == _FAILED_PRECONDITION:
        raise PlanRefused(what, why=why, fix="look at the application, then decide again")
    raise Unreachable(what, why=why, fix=_advice(answer))


def _advice(answer: Answer) -> str:
    if 300 <= answer.status < 400:
        return f"it redirects to {answer.headers.get('location')}: set ARGOCD_SERVER to that"
    return {
        401: "renew the token: it is wrong or expired",
        403: "check the name: Argo CD answers 403 for applications that do not exist, too; "
        "then check what the token may do",
        404: "check the name of the application and ARGOCD_SERVER",
    }.get(answer.status, "")


def _manifest(name: str, text: Any) -> dict[str, Any]:
    try:
        manifest = json.loads(text)
    except (TypeError, ValueError):
        manifest = None
    if not isinstance(manifest, dict):
        raise Unreachable(
            f"argocd app {name}: a manifest is not a JSON object",
            why=f"it begins with {str(text)[:80]!r}",
        )
    return manifest


def _state(item: Mapping[str, Any], key: str) -> dict[str, Any] | None:
    """A state of a managed resource; Argo CD writes "null" or nothing when there is none."""
    text = item.get(key)
    return None if text in {None, "", "null"} else _manifest(str(item.get("name")), text)


def _compared(item: Mapping[str, Any]) -> dict[str, Any]:
    """One entry of managed-resources; states come as JSON text, "null" when there is none."""
    target, live, normal, predicted = (
        _state(item, key)
        for key in ("targetState", "liveState", "normalizedLiveState", "predictedLiveState")
    )
    if target is None or live is None:
        status = "extra" if target is None else "missing"
        text = objects.difference(live, target)
    else:
        text = objects.difference(normal or live, predicted or target)
        status = "changed" if text or item.get("modified") else "same"
    return {
        **{key: item.get(key) or "" for key in ("group", "kind", "namespace", "name")},
        "status": status,
        "diff": text,
        "live": live,
        "target": target,
    }


def _outcome(
    now: reading.Arrival, elapsed: float, arrived_at: float | None, *, timeout_s: int, soak_s: int
) -> str:
    """How a wait ends at this look; '' to look again."""
    if now.outcome == "failed":
        return "failed"
    if arrived_at is not None:
        if now.outcome != "arrived":
            return "lost"
        return "arrived" if elapsed - arrived_at >= soak_s else ""
    return "timeout" if elapsed >= timeout_s else ""


def _one_line(facts: Mapping[str, Any]) -> str:
    text = f"{facts['name']}: {facts['sync']}, {facts['health']} at {facts['revision'][:12]}"
    if facts["operation"]["running"]:
        text += ", an operation is running"
    return text
