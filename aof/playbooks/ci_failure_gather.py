"""Opens the service that has the failed pipeline; logs that come alone are read here."""

from __future__ import annotations

from pathlib import Path

from aof.analysis.ci_log.decode import as_utf8
from aof.playbooks.base import Calls
from aof.playbooks.ci_failure_github import GithubRun
from aof.playbooks.ci_failure_gitlab import GitlabPipeline
from aof.playbooks.ci_failure_jenkins import JenkinsBuild
from aof.playbooks.ci_failure_service import Gathered, JobLog, Service
from aof.playbooks.ci_failure_source import Kind, Source


class LogFile(Service):
    """A log in a file."""

    def gather(self) -> Gathered:
        from aof.transport.files import open_log

        path = Path(self.source.value)
        buffer = self.calls.given(self.source.value, lambda: as_utf8(open_log(path)))
        evidence = self.calls.record("file", {"bytes": len(buffer)}, about=str(path))
        gathered = Gathered("log file", [JobLog(path.name, buffer, evidence=evidence)])
        gathered.evidence.append(evidence)
        return gathered


class PastedOutput(Service):
    """Output that was given in the request."""

    def gather(self) -> Gathered:
        text = self.source.value
        evidence = self.calls.record("request", {"log": text}, about="output from the request")
        gathered = Gathered("request", [JobLog("request", text, evidence=evidence)])
        gathered.evidence.append(evidence)
        gathered.warnings.append("Evidence is unverified: the output was given in the request.")
        return gathered


class LokiStream(Service):
    """The newest lines of a log stream in Loki."""

    tool = "loki_query"
    access = (
        "set LOKI_URL, and LOKI_TOKEN or LOKI_USERNAME and LOKI_PASSWORD where it asks for them"
    )

    def gather(self) -> Gathered:
        query = self.source.value
        found = self.read("query_range", query=query, start=f"now-{self.source.since or '24h'}")
        data = self.required(found)
        if "log" not in data:
            gathered = Gathered("Loki")
            gathered.warnings.append(f"{query} gives numbers; a query for log lines is needed.")
            return gathered
        gathered = Gathered("Loki", [JobLog(query, data["log"], evidence=found.evidence_id)])
        gathered.keep(found)
        if not data.get("complete", True):
            gathered.warnings.append("Loki returned only the newest lines; the cause may be older.")
        return gathered


_SERVICES: dict[Kind, type[Service]] = {
    "file": LogFile,
    "text": PastedOutput,
    "github": GithubRun,
    "gitlab": GitlabPipeline,
    "jenkins": JenkinsBuild,
    "loki": LokiStream,
}


def service_of(source: Source, calls: Calls) -> Service:
    """The service that has what `source` names."""
    return _SERVICES[source.kind](source, calls)
