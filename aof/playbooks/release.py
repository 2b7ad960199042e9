"""Playbook `release`: observe where the release stands and propose the next step, no further.

One checkpoint is one plan: the release itself (version, changelog, tag, publication), then
each environment in turn. Nothing is remembered between runs; Git, the forge and the cluster say
where things stand, so a run after any interruption goes on from there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from aof.analysis.release.history import Plans, read_plans
from aof.analysis.release.overview import unheard_note
from aof.analysis.release.packages import PathOwners
from aof.analysis.release.plan import ReleasePlan
from aof.analysis.release.progress import Begun, find_begun, made_for
from aof.analysis.release.releases import find_releases
from aof.plans import Action
from aof.playbooks.base import Calls, Options, Request
from aof.playbooks.release_conclusions import (
    computed,
    incomplete,
    not_from_here,
    nothing_to_do,
    only_named,
    only_wanted,
    to_be_merged,
    unread,
)
from aof.playbooks.release_forge import Forge, choose_forge
from aof.playbooks.release_journey import Journey
from aof.playbooks.release_next import Next
from aof.playbooks.release_options import SETTINGS, Asked, ReleaseOptions, asked
from aof.playbooks.release_prepared import Preparation, Prepared
from aof.playbooks.release_promotion import Promoter
from aof.playbooks.release_published import Published, look_at
from aof.playbooks.release_remote import RemoteView, target_branch
from aof.playbooks.release_report import findings_of, memory_entry, report_blocks
from aof.playbooks.release_repository import CalledRepository
from aof.playbooks.release_settings import Settings, read_settings
from aof.playbooks.release_steps import ReleaseSteps
from aof.verdict import Assessment, Draft, Finding, Verdict, strictest


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
        settings = read_settings(repository, calls, options)
        config = settings.config
        run = _Run(request, calls, settings, repository=repository, memory=memory)
        plans, outcome = run.decide()
        plan = plans.plans[0]
        document: dict[str, Any] = {
            **plan.as_dict(),
            "changelog": outcome.prepared.section if outcome.prepared else "",
            "notes": outcome.prepared.notes_text if outcome.prepared else "",
            "released": [one.as_dict() for one in run.published],
            "stages": [view.as_dict() for view in outcome.stages],
            "decision": outcome.decision,
        }
        if config.packages:
            document["packages"] = [one.as_dict() for one in plans.plans]
            document["outside"] = [
                {"sha": one.sha, "subject": one.subject} for one in plans.outside
            ]
        findings = [*findings_of(plans, repository.evidence), *outcome.findings, *run.findings]
        return Assessment(
            verdict=strictest(outcome.verdict, *(one.verdict for one in findings)),
            decision=outcome.decision,
            summary=outcome.summary,
            findings=tuple(findings),
            actions=tuple(outcome.actions),
            facts=document,
            blocks=report_blocks(
                plans,
                outcome,
                run.ahead,
                request.settings,
                memory,
                config=config,
                published=run.published,
            ),
            memory=memory_entry(outcome, plans, request.now),
            drafts=tuple(_drafts(outcome)),
            firm=outcome.wait_s is None,
            wait_s=outcome.wait_s,
        )


class _Run:
    """One assessment."""

    def __init__(
        self,
        request: Request,
        calls: Calls,
        settings: Settings,
        *,
        repository: CalledRepository,
        memory: Sequence[Mapping[str, Any]],
    ) -> None:
        self.memory = memory
        self.request, self.calls, self.options = request, calls, settings.options
        self.config, self.repository = settings.config, repository
        self.wanted: Asked = asked(request, settings.options)
        self.forge: Forge | None = choose_forge(calls, settings.options.forge)
        self.findings: list[Finding] = [*settings.findings]
        self.published: list[Published] = []

    @property
    def ahead(self) -> list[str]:
        """Environments a release goes through; none without an application."""
        named = self.wanted.app or any(self.options.apps.values())
        return [stage.name for stage in self.options.stages] if named else []

    def decide(self) -> tuple[Plans, Next]:
        """Look at everything, from the start of a release to its end."""
        plans = self._plans("")
        plan = plans.plans[0]
        if self.wanted.rollback:
            return plans, self._rollback(plans)
        begun = self._begun(plans)
        if begun is not None:
            return plans, self._continue_begun(plans, begun)
        if self.wanted.version and plan.current != _tag_like(plan, self.wanted.version):
            if plan.current and not any(one.next for one in plans.plans):
                self.findings.append(only_wanted(plan, self.wanted.version))
            plans = self._plans(self.wanted.version)
            return plans, self._start(plans)
        released = [(one, self._commit_of(one.current)) for one in plans.plans if one.current]
        remote = self._look(released)
        found = self._unpublished(released, remote)
        changed = any(one.next for one in plans.plans) and not self.wanted.version
        promoter = None
        if found is None and not (changed and self.wanted.create):
            promoter = self._promoter(released)
            found = promoter.next() if promoter is not None else None
        if found is not None:
            self.findings += unread(remote)
            return plans, found
        if remote is not None:
            remote.require()
        if self.wanted.version or not changed:
            return plans, self._nothing(plans, everywhere=promoter is not None)
        return plans, self._start(plans)

    def _look(self, released: Sequence[tuple[ReleasePlan, str]]) -> RemoteView | None:
        """See where the last releases stand; returns what the remote has, if any is released."""
        if not released:
            return None
        remote = self._remote([str(plan.current) for plan, _ in released])
        self.published = look_at(released, remote, self.forge)
        return remote

    def _nothing(self, plans: Plans, *, everywhere: bool) -> Next:
        """Nothing is left to do, or nothing that is known of."""
        text = nothing_to_do(plans, everywhere=everywhere, wanted=bool(self.wanted.version))
        unheard = unheard_note(plans.plans, "--set version=VERSION")
        return Next(
            "NO-RELEASE", text, fix="; ".join(filter(None, [unheard, self._not_promoted(plans)]))
        )

    def _not_promoted(self, plans: Plans) -> str:
        """What comes after a release that nobody has said where to bring; empty when it is said."""
        stages = self.options.stages
        able = self.calls.not_consulted("argocd") is None or any(one.pin for one in stages)
        if self.ahead or not stages or not able or not any(one.current for one in plans.plans):
            return ""
        return (
            f"the next stage is {stages[0].name}, once it is said which application is promoted: "
            "--set app=NAME, or `app` in the release settings"
        )

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

    def _preparation(self) -> Preparation:
        return Preparation(self.repository, self.config, self.forge, self.memory)

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
            return self._nothing(plans, everywhere=False)
        tags = [plan.next or "" for plan in ready]
        remote = self._remote(tags).require()
        prepared = self._preparation().new(ready)
        problem = remote.problem(self.repository, prepared.files)
        names = ", ".join(tags)
        if problem is not None:
            return not_from_here(computed(names, problem), problem, prepared)
        steps = self._steps(remote)
        findings = prepared.findings
        if remote.name and self.forge is None and self.options.forge == "auto":
            why = self.calls.not_consulted("github_actions") or ""
            title = "the plan ends with the push: there is no forge to publish the release on"
            findings.append(Finding(id="forge", verdict=Verdict.PASS, title=title, detail=why))
        if self.config.protected and prepared.files:
            review = steps.by_pull_request(prepared)
            if review.number:
                text = f"{names} waits for pull request #{review.number} to be merged."
                fix = f"review and merge pull request #{review.number}, then git pull"
                return Next(
                    "RELEASE", text, Verdict.WARN, findings=findings, prepared=prepared, fix=fix
                )
            if review.problem is not None:
                return not_from_here(computed(names, review.problem), review.problem, prepared)
            actions = list(review.actions)
            if not actions:
                return to_be_merged(names, review.branch, remote.branch, prepared, findings)
        else:
            actions = steps.from_start(prepared)
        reason = f"{ready[0].level.word} release" if len(ready) == 1 else f"{len(ready)} packages"
        count = len(set().union(*(plan.changed.shas for plan in ready)))
        text = f"Release {names} ({reason}, {count} commit{'s' if count != 1 else ''})."
        return Next("RELEASE", text, actions=actions, findings=findings, prepared=prepared)

    def _continue_begun(self, plans: Plans, begun: Begun) -> Next:
        """The version was raised, but not all tags exist: go on from there."""
        remote = self._remote(begun.tags).require()
        matching = [plan for plan in plans.plans if plan.next in begun.tags]
        prepared = self._preparation().begun(begun, matching or list(plans.plans[:1]))
        problem = remote.problem(self.repository, {})
        text = f"Go on with {', '.join(begun.tags)}, which was begun at {begun.sha[:12]}."
        if problem is not None:
            return not_from_here(text, problem, prepared)
        actions = self._steps(remote).from_commit(prepared, begun.sha)
        findings = [] if matching else [only_named(begun, plans)]
        return Next("RELEASE", text, actions=actions, findings=findings, prepared=prepared)

    def _unpublished(
        self, released: Sequence[tuple[ReleasePlan, str]], remote: RemoteView | None
    ) -> Next | None:
        """What the last releases still lack before they can be promoted."""
        if remote is None:
            return None
        steps = self._steps(remote)
        actions: list[Action] = []
        left = Prepared()
        for (plan, sha), seen in zip(released, self.published, strict=True):
            tag = seen.tag
            if problem := remote.taken(tag, sha):
                return not_from_here(f"{tag} is not released: {problem.title}.", problem, left)
            ours = partial(self._made_by_us, tag, sha)
            push, publish = steps.left(seen, ours=ours)
            if push or publish:
                prepared = self._released(plan, sha)
                actions += steps.publication(prepared, sha, push=push, publish=publish)
                left.texts += prepared.texts
            elif (missing := steps.missing(tag)) and ours():
                self.findings.append(incomplete(tag, missing))
        if left.texts:
            names = ", ".join(left.tags)
            text = f"Go on with {names}: {len(actions)} steps of its publication are left."
            return Next("RELEASE", text, actions=actions, prepared=left)
        return None

    def _made_by_us(self, tag: str, sha: str) -> bool:
        """Whether nothing was committed since, or tag or commit say that a plan made them."""
        if sha == self.repository.head() or tag in made_for(self.repository.tag_message(tag)):
            return True
        found = self.calls.read("git", "log", revision=sha, max_count=1)
        commits = found.data["commits"] if found.ok else []  # cut off in a shallow clone
        return any(tag in made_for(one["message"]) for one in commits)

    def _released(self, plan: ReleasePlan, sha: str) -> Prepared:
        """Texts of the release that is tagged already, as they were when it was planned."""
        tag = plan.current or ""
        others = [one for one in self.repository.known_tags if one.name != tag]
        package = self.config.package(plan.package)
        before = find_releases(others, self.config, self.repository.contains, package).final
        since = before.tag if before else None
        commits = self.repository.between(since, sha, names=package is not None)
        if package is not None:
            owners = PathOwners(self.config.packages)
            commits = tuple(one for one in commits if package.name in owners.of(one.paths))
        begun = Begun(sha, (tag,), commits)
        as_planned = replace(plan, current=since.name if since else None, head=sha)
        return self._preparation().begun(begun, [as_planned])

    def _promoter(self, released: Sequence[tuple[ReleasePlan, str]]) -> Promoter | None:
        """The way of the releases that have an application; None when there is none to go."""
        found = Journey(
            self.calls,
            self.request,
            self.wanted,
            self.options,
            config=self.config,
            branch=target_branch(self.calls, self.repository, self.config),
            forge=self.forge,
        ).promoter(released)
        if isinstance(found, Finding):
            self.findings.append(found)
            return None
        return found

    def _rollback(self, plans: Plans) -> Next:
        released = [
            (plan, self._commit_of(plan.current) if plan.current else "") for plan in plans.plans
        ]
        promoter = self._promoter(released)
        if promoter is None:
            reason = self.calls.not_consulted("argocd") or "no application is named"
            text = f"There is nothing to roll back: {reason}."
            return Next(
                "HOLD", text, Verdict.INCONCLUSIVE, fix="name the application: --set app=NAME"
            )
        return promoter.rollback()

    def _commit_of(self, tag: str) -> str:
        """By the list of tags: in a shallow clone the tag itself may not be here."""
        known = {one.name: one.sha for one in self.repository.known_tags}
        if tag in known:
            return known[tag]
        return str(self.calls.read("git", "describe", revision=f"refs/tags/{tag}").require()["sha"])


def _drafts(outcome: Next) -> Iterator[Draft]:
    """What a model may still word: texts that stand in a step of the plan."""
    if outcome.prepared is not None and outcome.actions:
        for one in outcome.prepared.texts:
            if not one.settled:
                yield one.draft()


def _tag_like(plan: ReleasePlan, version: str) -> str:
    """The tag `version` would have, going by the current one."""
    current = plan.current or ""
    digits = next((index for index, letter in enumerate(current) if letter.isdigit()), 0)
    return current[:digits] + version
