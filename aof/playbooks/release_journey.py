"""What is promoted, through which environments, and who deploys them: the settings put together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from aof.analysis.release.config import ReleaseConfig
from aof.analysis.release.packages import in_dependency_order
from aof.analysis.release.pins import Released
from aof.analysis.release.plan import ReleasePlan
from aof.playbooks.base import Calls, Request
from aof.playbooks.release_argocd import ArgocdEnvironments
from aof.playbooks.release_forge import Forge
from aof.playbooks.release_options import Asked, Gitops, ReleaseOptions
from aof.playbooks.release_pinned import PinnedEnvironments
from aof.playbooks.release_pins import Pins
from aof.playbooks.release_promotion import Promoter
from aof.playbooks.release_stages import Environments, Promotion, Subject
from aof.verdict import Finding, Verdict


@dataclass(frozen=True, slots=True)
class Journey:
    """Builds the promotion of releases.

    Attributes:
        branch: The released repository's, where pins live unless they are elsewhere.
    """

    calls: Calls
    request: Request
    wanted: Asked
    options: ReleaseOptions
    config: ReleaseConfig
    branch: str
    forge: Forge | None

    def promoter(self, released: Sequence[tuple[ReleasePlan, str]]) -> Promoter | Finding | None:
        """Who decides what comes next; None without an application, or why there is nobody.

        Args:
            released: Plans and the commits of their current tags.
        """
        subjects = [
            Subject(
                app, Released(plan.current or "", plan.current_version or "", sha), plan.package
            )
            for plan, sha in self._in_order(released)
            if (app := self.wanted.app_of(plan.package, self.options.apps))
        ]
        if not subjects:
            return None
        stages = self.options.stages
        if any(stage.pin is None for stage in stages):
            missing = self.calls.not_consulted("argocd")
            if missing is not None:
                return _not_promoted(subjects, missing)
        again = self.wanted.again
        argocd = ArgocdEnvironments(self.calls, self.request.now, again=again)
        by_pin: Environments = argocd
        if any(stage.pin is not None for stage in stages):
            by_pin = PinnedEnvironments(self.calls, self._pins(), self.request.now, again=again)
        return Promoter(self.calls, self.request, Promotion(subjects, stages, argocd, by_pin))

    def _in_order(
        self, released: Sequence[tuple[ReleasePlan, str]]
    ) -> Sequence[tuple[ReleasePlan, str]]:
        """Dependencies before what depends on them."""
        names = [one.name for one in in_dependency_order(self.config.packages)]
        return sorted(released, key=lambda pair: names.index(pair[0].package) if names else 0)

    def _pins(self) -> Pins:
        """Where pins live: the repository of the tool `gitops`, else the one released."""
        tool, where = "gitops", self.options.gitops
        if where is None:
            tool, where = "git", Gitops(branch=self.branch, review=self.config.protected)
        at = self.request.now.replace(microsecond=0).isoformat()
        return Pins(
            self.calls,
            tool=tool,
            branch=where.branch,
            review=where.review,
            forge=self.forge,
            repository=where.repository,
            at=at,
        )


def _not_promoted(subjects: Sequence[Subject], why: str) -> Finding:
    names = ", ".join(dict.fromkeys(one.app for one in subjects))
    return Finding(
        id="promotion",
        verdict=Verdict.WARN,
        title=f"{names} is not promoted: Argo CD cannot be asked",
        detail=why,
    )
