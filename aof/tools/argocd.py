"""Argo CD: the reads of `argocd_reads`, and moving applications.

Writes use `ARGOCD_TOKEN_WRITE`, so that looking needs no right to change anything. Each write
looks first and refuses what Argo CD would refuse or undo, with the reason.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from aof.errors import PlanRefused, Unreachable, UsageFault
from aof.messages import Effect, ToolOutput
from aof.tools import argocd_application as reading
from aof.tools.argocd_reads import AppName, ArgocdReads, Revision, app_path, checked, where
from aof.tools.argocd_settings import Step, setting_steps
from aof.tools.base import operation, quoted


def _history_id(value: Any) -> Any:
    """Only a plain small number: a commit read as a number would be ID 0 or a wrong one."""
    text = str(value)
    plain = not isinstance(value, bool | float) and text.isascii() and text.isdigit()
    if not plain or len(text) > 6 or (len(text) > 1 and text.startswith("0")):
        raise ValueError("is a history ID (a small number, see app_history), not a commit")
    return int(text)


HistoryId = Annotated[int, Field(ge=0, le=999_999), BeforeValidator(_history_id)]
SyncResource = Annotated[str, Field(pattern=r"^[A-Za-z0-9.]*:[A-Za-z0-9]+:[A-Za-z0-9./_:-]+$")]
"""`GROUP:KIND:NAME` or `GROUP:KIND:NAMESPACE/NAME`, the group empty for core kinds."""


def _command(verb: str, *flags: tuple[str, str]) -> Callable[[Mapping[str, Any]], str]:
    """`argocd app VERB NAME [ID] FLAGS`; a list or mapping repeats its flag."""

    def render(arguments: Mapping[str, Any]) -> str:
        words = ["argocd app", verb, quoted(arguments.get("name", "<name>"))]
        if verb == "rollback":
            words.append(quoted(arguments.get("history_id", "<history-id>")))
        for key, flag in flags:
            words += [
                flag if value is True else f"{flag} {quoted(value)}"
                for value in _values(arguments.get(key))
            ]
        return " ".join(words)

    return render


def _values(given: Any) -> Sequence[Any]:
    if isinstance(given, Mapping):
        return [f"{key}={value}" for key, value in given.items()]
    if isinstance(given, list | tuple):
        return given
    return [given] if given not in {None, "", False} else []


class Argocd(ArgocdReads):
    """Applications of one Argo CD server."""

    @operation(
        effect=Effect.WRITE,
        command=_command(
            "sync",
            ("revision", "--revision"),
            ("resources", "--resource"),
            ("prune", "--prune"),
            ("force", "--force"),
            ("dry_run", "--dry-run"),
        ),
        timeout_s=90,
    )
    def app_sync(
        self,
        name: AppName,
        revision: Revision = "",
        resources: Annotated[list[SyncResource], Field(max_length=500)] | None = None,
        *,
        prune: bool = False,
        force: bool = False,
        dry_run: bool = False,
    ) -> ToolOutput:
        """Start a sync of an application to what Git says; see `app_wait` for its end.

        Args:
            name: Application, or `namespace/name`.
            revision: Sync to this one instead of the target. Argo CD refuses that under
                auto-sync, and for several sources.
            resources: Only these, as `GROUP:KIND:NAME`, e.g. `apps:Deployment:shop`.
            prune: Delete what is not in Git any more.
            force: Delete and create again what cannot be changed: it interrupts service.
            dry_run: Let Argo CD try without changing anything.

        Returns:
            `{"started": true, "revision", "operation"}`. `revision` is the one it syncs to,
            empty when Argo CD has not resolved it yet.
        """
        application = self._idle(name)
        if revision and reading.multi_source(application):
            raise UsageFault(
                f"{name} has several sources: one revision does not say what to sync",
                fix="set the revision of one source with app_set, then sync without one",
            )
        body: dict[str, Any] = {"prune": prune, "dryRun": dry_run}
        if revision:
            body["revision"] = revision
        if force:
            body["strategy"] = {"hook": {"force": True}}
        if resources:
            body["resources"] = [_sync_resource(one) for one in resources]
        return self._start(name, "sync", body)

    @operation(
        effect=Effect.WRITE,
        command=_command("rollback", ("prune", "--prune"), ("dry_run", "--dry-run")),
        timeout_s=90,
    )
    def app_rollback(
        self,
        name: AppName,
        history_id: HistoryId,
        prune: bool = False,
        *,
        dry_run: bool = False,
    ) -> ToolOutput:
        """Start a rollback of an application to an earlier deployment.

        Refused while auto-sync is on: Argo CD would sync forward to Git at once. Then the
        rollback is a revert in Git. Afterwards the application is out of sync with Git;
        `app_wait` with `synced` false sees the end.

        Args:
            name: Application, or `namespace/name`.
            history_id: The `id` of an entry of `app_history`; never a commit.
            prune: Delete what that deployment did not have.
            dry_run: Let Argo CD try without changing anything.

        Returns:
            `{"started": true, "revision", "operation"}`. `revision` is the one rolled back to.
        """
        application = self._idle(name)
        if reading.auto_sync(application):
            raise PlanRefused(
                f"argocd app rollback {name}: auto-sync is on",
                why="Argo CD refuses it: auto-sync would go forward to Git's head at once",
                fix=f"revert the commit in Git; or first: argocd app set {name} --sync-policy none",
            )
        known = [entry["id"] for entry in reading.history(application)]
        if history_id not in known:
            listed = ", ".join(map(str, known)) or "none"
            raise PlanRefused(
                f"argocd app rollback {name}: there is no history ID {history_id}",
                why=f"the history has: {listed} (Argo CD keeps the newest ones only)",
                fix=f"see: argocd app history {name}",
            )
        body = {"id": history_id, "prune": prune, "dryRun": dry_run}
        return self._start(name, "rollback", body)

    @operation(
        effect=Effect.WRITE,
        command=_command(
            "set",
            ("revision", "--revision"),
            ("parameters", "--parameter"),
            ("images", "--kustomize-image"),
            ("source_position", "--source-position"),
        ),
        timeout_s=90,
    )
    def app_set(
        self,
        name: AppName,
        revision: Revision = "",
        parameters: dict[str, str] | None = None,
        *,
        images: list[Revision] | None = None,
        source_position: Annotated[int | None, Field(ge=1)] = None,
    ) -> ToolOutput:
        """Change what an application targets: revision, Helm parameters, Kustomize images.

        The change is refused when somebody else changed the same setting in between. An
        Application that is itself generated or kept in Git is changed back by its owner:
        change it there (`managed_by` of `app_get`).

        Args:
            name: Application, or `namespace/name`.
            revision: Target revision: tag, branch, commit or chart version.
            parameters: Helm parameters by name; others are kept.
            images: Kustomize images, e.g. `shop=registry.example.com/shop:2`; others are kept.
            source_position: Which source, from 1, when there are several.

        Returns:
            `{"changed": bool, "source"}`: the source after the change.
        """
        application = self._application(name)
        position, source = _source(application, name, source_position)
        at = f"/spec/sources/{position - 1}" if position else "/spec/source"
        steps = setting_steps(
            source, at, revision=revision, parameters=parameters or {}, images=images or []
        )
        warnings = _undone_by(application)
        if not steps:
            return self._output(
                {"changed": False, "source": source}, f"{name}: is set so already", *warnings
            )
        changed = self._patch(name, steps)
        _, source = _source(changed, name, source_position)
        warnings = (*warnings, *self._token_warnings())
        return self._output({"changed": True, "source": source}, f"{name}: set", *warnings)

    # -- changes ----------------------------------------------------------------------------

    def _idle(self, name: str) -> dict[str, Any]:
        """The application, when no operation is running on it."""
        application = self._application(name)
        running = reading.operation(application)
        if running["running"]:
            raise PlanRefused(
                f"{name}: another operation is in progress",
                why=str(running["message"] or running["phase"]),
                fix=f"wait for it (argocd app wait {name}), or: argocd app terminate-op {name}",
            )
        return application

    def _start(self, name: str, verb: str, body: Mapping[str, Any]) -> ToolOutput:
        started = self._send("POST", f"{app_path(name)}/{verb}", name, body)
        sync = reading.part(started, "operation", "sync") or {}
        revision = ",".join(reading.revisions(sync))
        data = {"started": True, "revision": revision, "operation": sync}
        text = f"{name}: {verb} started" + (f" to {revision[:12]}" if revision else "")
        return self._output(data, text, *self._token_warnings())

    def _patch(self, name: str, steps: Sequence[Step]) -> dict[str, Any]:
        body = {"patch": json.dumps(steps), "patchType": "json"}
        try:
            return self._send("PATCH", app_path(name), name, body)
        except Unreachable as error:
            if "testing value" not in error.why:
                raise
            raise PlanRefused(
                f"{name} was changed by somebody else meanwhile",
                why=error.why,
                fix="look again, then decide again",
            ) from error

    def _send(self, method: str, path: str, name: str, body: Mapping[str, Any]) -> dict[str, Any]:
        token = "ARGOCD_TOKEN_WRITE" if self._may_write() else "ARGOCD_TOKEN"
        about = {"name": name.rpartition("/")[2], **{k: v for k, v in where(name).items() if v}}
        answer = self._http(token).send(method, path, json={**about, **body})
        changed: dict[str, Any] = checked(answer).json()
        return changed

    def _may_write(self) -> bool:
        return bool(self.settings.get("ARGOCD_TOKEN_WRITE"))

    def _token_warnings(self) -> tuple[str, ...]:
        if self._may_write():
            return ()
        return ("ARGOCD_TOKEN_WRITE is not set: the token for reading was used to write",)


def _sync_resource(text: str) -> dict[str, str]:
    group, kind, name = text.split(":", 2)
    namespace, _, name = name.rpartition("/")
    found = {"group": group, "kind": kind, "name": name}
    return {**found, "namespace": namespace} if namespace else found


def _source(
    application: Mapping[str, Any], name: str, position: int | None
) -> tuple[int, dict[str, Any]]:
    """The source meant and its position from 1; position 0 when there is only one."""
    found = reading.sources(application)
    if not reading.multi_source(application):
        if position not in {None, 1} or not found:
            raise UsageFault(f"{name} has no source {position}", fix="leave the position out")
        return 0, found[0]
    if position is None or position > len(found):
        raise UsageFault(
            f"{name} has {len(found)} sources: say which one",
            fix=f"give source_position, 1 to {len(found)}",
        )
    return position, found[position - 1]


def _undone_by(application: Mapping[str, Any]) -> tuple[str, ...]:
    owner = reading.managed_by(application)
    return (f"this Application is generated by {owner}, which may undo it",) if owner else ()
