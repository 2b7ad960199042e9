"""Playbook `release`: observe where the release stands and propose the next step, no further.

One checkpoint is one plan: the release itself (version, changelog, tag, publication), then
each environment in turn. Nothing is remembered between runs; Git, the forge and Argo CD say
where things stand, so a run after any interruption goes on from there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from aof.analysis.release.config import ReleaseConfig
from aof.analysis.release.escape import escape
from aof.analysis.release.history import Plans, read_plans
from aof.analysis.release.plan import ReleasePlan
from aof.analysis.release.progress import Begun, find_begun
from aof.analysis.release.releases import find_releases
from aof.plans import Action
from aof.playbooks.base import Calls, Options, Request
from aof.playbooks.release_forge import Forge, choose_forge
from aof.playbooks.release_options import SETTINGS, Asked, ReleaseOptions, asked
from aof.playbooks.release_prepared import Preparation, Prepared
from aof.playbooks.release_report import findings_of, memory_entry, report_blocks
from aof.playbooks.release_repository import CalledRepository
from aof.playbooks.release_stages import Promotion, StageView, guardian_says
from aof.playbooks.release_steps import ReleaseSteps, RemoteView
from aof.verdict import Assessment, Finding, Verdict, strictest


@dataclass(slots=True)
class Next:
    """What a run concludes: the step that comes next, and why."""

    decision: str
    summary: str
    verdict: Verdict = Verdict.PASS
    actions: list[Action] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    prepared: Prepared | None = None
    stages: list[StageView] = field(default_factory=list)
    wait_s: float | None = None


class Release:
    """Plans releases and their promotion."""

    name = "release"
    options: type[Options] = ReleaseOptions
    settings: Mapping[str, str] = SETTINGS

    def assess(
        self,
        request: Request,
        calls: Calls,
        options: ReleaseOptions,
        memory: Sequence[Mapping[str, Any]],
    ) -> Assessment:
        repository = CalledRepository(calls)
        config = repository.config(options)
        run = _Run(request, calls, options, config, repository=repository)
        plans, outcome = run.decide()
        plan = plans.plans[0]
        document: dict[str, Any] = {
            **plan.as_dict(),
            "changelog": outcome.prepared.section if outcome.prepared else "",
            "notes": outcome.prepared.notes_text if outcome.prepared else "",
            "stages": [view.as_dict() for view in outcome.stages],
            "decision": outcome.decision,
        }
        if config.packages:
            document["packages"] = [one.as_dict() for one in plans.plans]
        findings = [*findings_of(plans, repository.evidence), *outcome.findings]
        return Assessment(
            verdict=strictest(outcome.verdict, *(one.verdict for one in findings)),
            decision=outcome.decision,
            summary=outcome.summary,
            findings=tuple(findings),
            actions=tuple(outcome.actions),
            facts=document,
            blocks=report_blocks(plans, outcome.prepared, outcome.stages, outcome.actions, memory),
            memory=memory_entry(outcome.decision, outcome.summary, plan, request.now),
            firm=outcome.wait_s is None,
            wait_s=outcome.wait_s,
        )


class _Run:
    """One assessment."""

    def __init__(
        self,
        request: Request,
        calls: Calls,
        options: ReleaseOptions,
        config: ReleaseConfig,
        *,
        repository: CalledRepository,
    ) -> None:
        self.request, self.calls, self.options = request, calls, options
        self.config, self.repository = config, repository
        self.wanted: Asked = asked(request, options)
        self.forge: Forge | None = choose_forge(calls, options.forge)

    def decide(self) -> tuple[Plans, Next]:
        """Look at everything, from the start of a release to its end."""
        plans = self._plans("")
        plan = plans.plans[0]
        same = bool(self.wanted.version) and plan.current == _tag_like(plan, self.wanted.version)
        if self.wanted.rollback:
            return plans, self._rollback(plan)
        begun = self._begun(plans)
        if begun is not None:
            return plans, self._continue_begun(plans, begun)
        new = bool(self.wanted.version) and not same
        if not new:
            unfinished = self._unfinished(plan)
            if unfinished is not None:
                return plans, unfinished
        if same:
            return plans, Next("NO-RELEASE", f"{plan.current} is released everywhere.")
        if new:
            plans = self._plans(self.wanted.version)
        return plans, self._start(plans)

    def _plans(self, version: str) -> Plans:
        return read_plans(
            self.repository,
            self.config,
            today=self.request.now.date(),
            wanted=version,
            package=self.wanted.package,
        )

    def _remote(self, tags: Sequence[str]) -> RemoteView:
        return RemoteView.look(self.calls, self.repository, self.config, tags)

    def _steps(self, remote: RemoteView) -> ReleaseSteps:
        return ReleaseSteps(
            self.calls,
            self.repository,
            self.config,
            forge=self.forge,
            remote=remote,
            at=self.request.now.replace(microsecond=0).isoformat(),
            assets=self.options.assets,
            folder=self.request.folder,
        )

    def _begun(self, plans: Plans) -> Begun | None:
        plan = plans.plans[0]
        if self.config.packages:
            template = ""
        elif plan.next and plan.version:
            template = plan.next.replace(plan.version, "{version}")
        else:
            template = self.config.tag or "v{version}"
        return find_begun(
            self.repository.read_commits,
            self.config.commit_message,
            template,
            self.repository.tag_names,
        )

    def _start(self, plans: Plans) -> Next:
        """Checkpoint 1: version and changelog."""
        ready = [plan for plan in plans.plans if plan.next is not None]
        if not ready:
            plan = plans.plans[0]
            since = f"since {plan.current}" if plan.current else "so far"
            count = plan.changed.commits
            return Next("NO-RELEASE", f"{count} commits {since}, none of which asks for a release.")
        tags = [plan.next or "" for plan in ready]
        remote = self._remote(tags)
        prepared = Preparation(self.repository, self.config, self.forge).new(ready)
        problem = remote.problem(self.repository, prepared.files)
        names = ", ".join(tags)
        if problem is not None:
            return _not_from_here(names, problem, prepared)
        steps = self._steps(remote)
        findings = prepared.findings
        if self.config.protected and prepared.files:
            review = steps.by_pull_request(prepared)
            if review.number:
                text = f"{names} waits for pull request #{review.number} to be merged."
                return Next("RELEASE", text, Verdict.WARN, findings=findings, prepared=prepared)
            if review.problem is not None:
                return _not_from_here(names, review.problem, prepared)
            actions = list(review.actions)
        else:
            actions = steps.from_start(prepared)
        reason = f"{ready[0].level.word} release" if len(ready) == 1 else f"{len(ready)} packages"
        text = f"Release {names} ({reason}, {ready[0].changed.commits} commits)."
        return Next("RELEASE", text, actions=actions, findings=findings, prepared=prepared)

    def _continue_begun(self, plans: Plans, begun: Begun) -> Next:
        """The version was raised, but not all tags exist: go on from there."""
        remote = self._remote(begun.tags)
        matching = [plan for plan in plans.plans if plan.next in begun.tags]
        prepared = Preparation(self.repository, self.config, self.forge).begun(
            begun, matching or list(plans.plans[:1])
        )
        problem = remote.problem(self.repository, {})
        text = f"Go on with {', '.join(begun.tags)}, which was begun at {begun.sha[:12]}."
        if problem is not None:
            return Next("HOLD", text, Verdict.INCONCLUSIVE, findings=[problem], prepared=prepared)
        actions = self._steps(remote).from_commit(prepared, begun.sha)
        findings = [] if matching else [_only_named(begun, plans)]
        return Next("RELEASE", text, actions=actions, findings=findings, prepared=prepared)

    def _unfinished(self, plan: ReleasePlan) -> Next | None:
        """What the last release still lacks: publication, or environments."""
        if plan.current is None or self.config.packages:
            return None
        sha = self._commit_of(plan.current)
        remote = self._remote([plan.current])
        steps = self._steps(remote)
        push, publish = steps.left(plan.current, fresh=plan.changed.commits == 0)
        if push or publish:
            prepared = self._released(plan, sha)
            actions = steps.publication(prepared, sha, push=push, publish=publish)
            text = f"Go on with {plan.current}: {len(actions)} steps of its publication are left."
            return Next("RELEASE", text, actions=actions, prepared=prepared)
        return self._promote(plan.current, sha)

    def _released(self, plan: ReleasePlan, sha: str) -> Prepared:
        """Texts of the release that is tagged already, as they were when it was planned."""
        tag = plan.current or ""
        others = [one for one in self.repository.known_tags if one.name != tag]
        before = find_releases(others, self.config, self.repository.contains).final
        since = before.tag if before else None
        begun = Begun(sha, (tag,), self.repository.between(since, sha))
        as_planned = replace(plan, current=since.name if since else None, head=sha)
        return Preparation(self.repository, self.config, self.forge).begun(begun, [as_planned])

    def _promotion(self) -> Promotion | None:
        if not self.wanted.app or self.calls.not_consulted("argocd") is not None:
            return None
        return Promotion(self.calls, self.wanted.app, self.options.stages, now=self.request.now)

    def _promote(self, tag: str, sha: str) -> Next | None:
        """Checkpoints 2 to 4: each environment after the one before has proved itself."""
        promotion = self._promotion()
        if promotion is None:
            return None
        views = promotion.look(sha)
        pending = next((view for view in views if not view.done), None)
        if pending is None:
            return None
        not_yet = _not_yet(promotion, views, pending, tag)
        if not_yet is not None:
            return not_yet
        findings, allowed = [], True
        if pending.stage.needs_guardian:
            gate, allowed = guardian_says(self.request, self.calls)
            findings = [gate]
            if gate.verdict is Verdict.FAIL:
                text = f"{tag} does not go to {pending.stage.name}: {gate.title}."
                return Next("NO-GO", text, gate.verdict, findings=findings, stages=views)
        actions = promotion.forward(pending, sha, tag, executable=allowed)
        if allowed:
            text, decision, verdict = f"Promote {tag} to {pending.stage.name}.", "RELEASE", None
        else:
            text = f"{tag} waits before {pending.stage.name}: {findings[0].title}."
            decision, verdict = "HOLD", Verdict.INCONCLUSIVE
        return Next(
            decision,
            text,
            verdict or Verdict.PASS,
            actions=actions,
            findings=findings,
            stages=views,
        )

    def _rollback(self, plan: ReleasePlan) -> Next:
        promotion = self._promotion()
        if promotion is None:
            reason = self.calls.not_consulted("argocd") or "no application is named"
            text = f"There is nothing to roll back: {reason}."
            return Next("HOLD", text, Verdict.INCONCLUSIVE)
        views = promotion.look(self._commit_of(plan.current) if plan.current else "")
        view = promotion.chosen(views, self.request)
        text = f"Roll {view.stage.name} back to what ran before."
        actions = promotion.back(view, reason=text)
        return Next("ROLLBACK", text, Verdict.FAIL, actions=actions, stages=views)

    def _commit_of(self, tag: str) -> str:
        found = self.calls.read("git", "describe", revision=f"refs/tags/{tag}")
        return str(found.require()["sha"])


def _not_from_here(names: str, problem: Finding, prepared: Prepared) -> Next:
    text = f"{names} is computed but cannot be released from here: {problem.title}."
    return Next("HOLD", text, Verdict.INCONCLUSIVE, findings=[problem], prepared=prepared)


def _only_named(begun: Begun, plans: Plans) -> Finding:
    """A version that a commit names and the history does not ask for: anybody can write one."""
    asked_for = ", ".join(plan.next for plan in plans.plans if plan.next) or "no release"
    return Finding(
        id="begun",
        verdict=Verdict.WARN,
        title=f"only commit {begun.sha[:12]} names {', '.join(map(escape, begun.tags))}; "
        f"the history asks for {asked_for}",
        detail="approve it only if that commit was made by the release",
    )


def _not_yet(
    promotion: Promotion, views: list[StageView], pending: StageView, tag: str
) -> Next | None:
    """Why the next environment has to wait, or be taken back; None when it can go on."""
    name = pending.stage.name
    if pending.busy:
        text = f"{tag} is on its way to {name}: {pending.reason}."
        return Next("HOLD", text, Verdict.INCONCLUSIVE, stages=views, wait_s=15.0)
    if pending.failed:
        text = f"{tag} failed in {name}: {pending.reason}."
        actions = promotion.back(pending, reason=text)
        return Next("ROLLBACK", text, Verdict.FAIL, actions=actions, stages=views)
    before = promotion.before(views, pending)
    if before is not None and before.soak_left_s > 0:
        left = before.soak_left_s
        text = f"{tag} proves itself in {before.stage.name} for {left:.0f} s more."
        return Next("HOLD", text, Verdict.INCONCLUSIVE, stages=views, wait_s=left)
    return None


def _tag_like(plan: ReleasePlan, version: str) -> str:
    """The tag `version` would have, going by the current one."""
    current = plan.current or ""
    digits = next((index for index, letter in enumerate(current) if letter.isdigit()), 0)
    return current[:digits] + version
