"""A diagnosis in the forms CI systems attach to source lines: GitHub, GitLab, SARIF."""

from __future__ import annotations

import hashlib
import json
from typing import Any
from urllib.parse import quote

from aof.analysis.ci_log.records import Diagnosis, Failure


def github(diagnosis: Diagnosis) -> str:
    """Workflow commands (`::error file=...::message`), one line per failure."""
    return "\n".join(_command(failure) for failure in _failures(diagnosis))


def gitlab(diagnosis: Diagnosis) -> str:
    """A code quality report: a JSON array, empty when nothing points at a source line."""
    entries = [
        {
            "description": failure.text.strip(),
            "check_name": failure.rule,
            "fingerprint": _fingerprint(failure),
            "severity": "major",
            "location": {
                "path": failure.location.file,
                "lines": {"begin": failure.location.line or 1},
            },
        }
        for failure in _failures(diagnosis)
        if failure.location is not None
    ]
    return json.dumps(entries, indent=2, ensure_ascii=False)


def _fingerprint(failure: Failure) -> str:
    """Of two that differ by numbers alone GitLab would show one: the place tells them apart."""
    place = f"{failure.signature}\0{failure.location}"
    return hashlib.sha256(place.encode("utf-8", "surrogatepass")).hexdigest()


def sarif(diagnosis: Diagnosis) -> str:
    """A SARIF 2.1.0 log with one run."""
    failures = _failures(diagnosis)
    rules = [{"id": rule} for rule in dict.fromkeys(f.rule for f in failures)]
    document = {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": {"name": "aofctl analyze log", "rules": rules}},
                "results": [_sarif_result(failure) for failure in failures],
            }
        ],
    }
    return json.dumps(document, indent=2, ensure_ascii=False)


FORMATS = {"github": github, "gitlab": gitlab, "sarif": sarif}


def _failures(diagnosis: Diagnosis) -> list[Failure]:
    """The cause and those of the same rule that point elsewhere; at most ten, GitHub's limit."""
    if diagnosis.primary is None:
        return []
    same = [
        c
        for c in diagnosis.candidates
        if c.rule == diagnosis.primary.rule and c.location is not None
    ]
    return [diagnosis.primary, *same][:10]


def _command(failure: Failure) -> str:
    properties: dict[str, Any] = {}
    if failure.location is not None:
        properties = {
            "file": failure.location.file,
            "line": failure.location.line,
            "col": failure.location.column,
        }
    properties["title"] = f"{failure.category}: {failure.rule}"
    listed = ",".join(f"{k}={_escaped(str(v), ':,')}" for k, v in properties.items() if v)
    return f"::error {listed}::{_escaped(failure.text.strip())}"


def _escaped(text: str, more: str = "") -> str:
    for character in "%\r\n" + more:
        text = text.replace(character, f"%{ord(character):02X}")
    return text


def _sarif_result(failure: Failure) -> dict[str, Any]:
    result: dict[str, Any] = {
        "ruleId": failure.rule,
        "level": "error",
        "message": {"text": failure.text.strip()},
        "partialFingerprints": {"signature/v1": failure.signature},
    }
    if failure.location is not None:
        region = {"startLine": failure.location.line or 1}
        if failure.location.column:
            region["startColumn"] = failure.location.column
        place = {
            "artifactLocation": {"uri": quote(failure.location.file.replace("\\", "/"))},
            "region": region,
        }
        result["locations"] = [{"physicalLocation": place}]
    return result
