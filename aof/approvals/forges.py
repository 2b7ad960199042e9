"""Approvals given at a forge, read from its API every time they are needed.

GitHub: who approved the deployment environment of this workflow run
(`GET /repos/{owner}/{repo}/actions/runs/{run_id}/approvals`). GitLab: who started this manual
job (`GET /projects/{id}/jobs/{job_id}`). Both count only for plans made in the same run.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from aof.approvals.identity import forge_run
from aof.approvals.record import Approval
from aof.approvals.standing import Verifier
from aof.errors import AofError, UsageFault
from aof.plans import Plan
from aof.transport.http import Http


@dataclass(frozen=True, slots=True)
class Forge:
    """The forge this job runs at, as its environment says."""

    environment: Mapping[str, str]
    now: datetime

    @property
    def name(self) -> str:
        """`github`, `gitlab` or empty."""
        return forge_run(self.environment).partition(":")[0]

    def approvals(self, plan: Plan, wanted_environment: str = "") -> Iterator[Approval]:
        """Approvals of `plan` that this forge vouches for.

        Args:
            plan: Must have been made in the run this job belongs to.
            wanted_environment: GitHub environment whose reviewers count; else the plan's.

        Raises:
            UsageFault: This is no such job, or the plan comes from another run.
            Unreachable: The forge cannot be asked.
        """
        here = forge_run(self.environment)
        if not here:
            raise UsageFault(
                "this is not a job of GitHub Actions or GitLab CI",
                fix="approve with a signed file: aofctl approve ID --sign-with KEY",
            )
        if plan.forge_run != here:
            raise UsageFault(
                f"{plan.id} was not made in this run",
                why=f"it comes from {plan.forge_run or 'elsewhere'}, this is {here}",
                fix="run the agent again in this pipeline",
            )
        if self.name == "github":
            yield from self._github(plan, wanted_environment or plan.environment)
        else:
            yield from self._gitlab(plan)

    def _github(self, plan: Plan, environment: str) -> Iterator[Approval]:
        if not environment:
            raise UsageFault(
                "no environment whose reviewers could have approved",
                fix="set --set environment=NAME for the run, or forge_environment in the policy",
            )
        get = self.environment.get
        path = f"/repos/{get('GITHUB_REPOSITORY')}/actions/runs/{get('GITHUB_RUN_ID')}/approvals"
        for review in _rows(self._http("GITHUB_API_URL", "https://api.github.com"), path):
            names = {str(item.get("name")) for item in review.get("environments", [])}
            login = (review.get("user") or {}).get("login")
            if environment not in names or not login:
                continue
            decision = {"approved": "approve", "rejected": "reject"}.get(str(review.get("state")))
            if decision:
                proof = {"path": path, "environment": environment}
                yield self._approval(plan, f"github:{login}", decision, proof)

    def _gitlab(self, plan: Plan) -> Iterator[Approval]:
        get = self.environment.get
        path = f"/projects/{get('CI_PROJECT_ID')}/jobs/{get('CI_JOB_ID')}"
        job = self._http("CI_API_V4_URL", "https://gitlab.com/api/v4").get(path).require().json()
        login = (job.get("user") or {}).get("username")
        same = str((job.get("pipeline") or {}).get("id")) == get("CI_PIPELINE_ID")
        if login and same and get("CI_JOB_MANUAL") == "true":
            yield self._approval(plan, f"gitlab:{login}", "approve", {"path": path})

    def _approval(self, plan: Plan, who: str, decision: Any, proof: dict[str, Any]) -> Approval:
        return Approval(
            plan=plan.id,
            digest=plan.digest,
            decision=decision,
            approver=who,
            source="github" if self.name == "github" else "gitlab",
            at=self.now,
            expires_at=plan.expires_at,
            nonce=str(proof.get("path", "")),
            proof=proof,
        )

    def _http(self, variable: str, default: str) -> Http:
        get = self.environment.get
        if self.name == "github":
            token = get("GITHUB_TOKEN") or get("GH_TOKEN") or ""
            headers = {"authorization": f"Bearer {token}"} if token else {}
        else:
            token = get("GITLAB_TOKEN") or ""
            headers = {"private-token": token} if token else {}
        return Http(get(variable) or default, headers=headers)


def _rows(http: Http, path: str) -> list[dict[str, Any]]:
    found = http.get(path).require().json()
    return [row for row in found if isinstance(row, dict)] if isinstance(found, list) else []


def forge_verifier(forge: Forge, plan: Plan, wanted_environment: str = "") -> Verifier:
    """Asks the forge again whether the approver approved."""

    def verify(approval: Approval) -> str:
        if approval.source != forge.name:
            return f"{approval.source} cannot be asked from here"
        wanted = wanted_environment or str(approval.proof.get("environment", ""))
        if approval.source == "github" and wanted != (wanted_environment or plan.environment):
            return f"it was given for the environment {wanted}"
        try:
            given = {(a.approver, a.decision) for a in forge.approvals(plan, wanted)}
        except AofError as error:
            return f"{forge.name} could not confirm it: {error.what}"
        known = (approval.approver, approval.decision) in given
        return "" if known else f"{forge.name} does not know of it"

    return verify
