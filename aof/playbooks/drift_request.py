"""Reading a drift request: which namespace, applications and Kustomizations it names. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from aof.errors import UsageFault
from aof.playbooks.drift_options import DriftOptions

SETTINGS: Mapping[str, str] = {
    "namespace": "Namespace to look at.",
    "argocd_app": "Argo CD applications, separated by commas (also: app, argocd_apps).",
    "app": "The same as argocd_app.",
    "argocd_apps": "The same as argocd_app.",
    "kustomization": "Flux Kustomizations, separated by commas (also: kustomizations).",
    "kustomizations": "The same as kustomization.",
    "repo": "Clone that holds the manifests.",
    "path": "Manifests inside the clone.",
    "revision": "Revision that should be running.",
    "last_synced": "Revision, or with `desired` the file or folder, that was last applied.",
    "manager": "Field manager of the tool that applies.",
    "verify": "true asks the server by dry run as well.",
    "desired": "File or folder of manifests, instead of a clone.",
    "live": "File with what runs, instead of asking a cluster; belongs to desired.",
    "sync_status": "File with the Argo CD Application or Flux Kustomization; belongs to desired.",
    "ignore": "File with further rules of what is ignored; belongs to desired.",
    "audit_log": "Audit log of the Kubernetes server, to say who changed what.",
}
"""What `--set` can say."""

_NAME = r"([a-z0-9][a-z0-9.-]{0,252})"
_NAMESPACE = (
    re.compile(rf"\bnamespaces?\s*[:=]?\s+['\"]?{_NAME}", re.IGNORECASE),
    re.compile(
        rf"\b(?:scan|check|in)\s+(?:the\s+)?['\"]?{_NAME}['\"]?\s+namespace\b", re.IGNORECASE
    ),
)
_APP = re.compile(
    rf"\b(?:app(?:lication)?s?|argocd\s+apps?)\s*[:=]?\s+['\"]?((?:{_NAME}/)?{_NAME})",
    re.IGNORECASE,
)
_KUSTOMIZATION = re.compile(
    rf"\bkustomizations?\s*[:=]?\s+['\"]?((?:{_NAME}/)?{_NAME})", re.IGNORECASE
)
# fmt: off
_WORDS = frozenset({
    "a", "an", "the", "for", "of", "in", "is", "are", "and", "or", "with", "drift", "from", "to",
    "all", "any", "every", "this", "that", "has", "have",
})
# fmt: on
_LISTS = ("argocd_apps", "kustomizations")
_TEXTS = ("namespace", "repo", "path", "revision", "last_synced", "manager")
_SINGULAR = {"argocd_app": "argocd_apps", "app": "argocd_apps", "kustomization": "kustomizations"}


@dataclass(frozen=True, slots=True)
class DriftRequest:
    """What is to be compared, after options, settings and text; fields as in `DriftOptions`."""

    argocd_apps: tuple[str, ...]
    kustomizations: tuple[str, ...]
    namespace: str
    repo: str
    path: str
    revision: str
    last_synced: str
    manager: str
    verify: bool


def parse_drift_request(
    text: str, settings: Mapping[str, str], options: DriftOptions
) -> DriftRequest:
    """The strongest of settings, text and options, field by field.

    Raises:
        UsageFault: A setting cannot be read.
    """
    asked = DriftRequest(
        **{name: getattr(options, name) for name in DriftRequest.__dataclass_fields__}
    )
    found: dict[str, Any] = {
        "namespace": _first(_NAMESPACE, text),
        "argocd_apps": _names(_APP, text),
        "kustomizations": _names(_KUSTOMIZATION, text),
    }
    asked = replace(asked, **{name: value for name, value in found.items() if value})
    given: dict[str, Any] = {name: settings[name] for name in _TEXTS if name in settings}
    for name in (*_LISTS, *_SINGULAR):
        if name in settings:
            given[_SINGULAR.get(name, name)] = _list(settings[name])
    if "verify" in settings:
        given["verify"] = _truth(settings["verify"])
    return replace(asked, **given)


def _first(patterns: tuple[re.Pattern[str], ...], text: str) -> str:
    for pattern in patterns:
        for match in pattern.finditer(text):
            if match[1].lower() not in _WORDS:
                return match[1].rstrip(".").lower()
    return ""


def _names(pattern: re.Pattern[str], text: str) -> tuple[str, ...]:
    found = (match[1].rstrip(".") for match in pattern.finditer(text))
    return tuple(dict.fromkeys(name for name in found if name.lower() not in _WORDS))


def _list(text: str) -> tuple[str, ...]:
    """`a,b` or `["a", "b"]`, as triggers write lists."""
    if text.lstrip().startswith("["):
        try:
            return tuple(str(one) for one in json.loads(text))
        except ValueError:
            raise UsageFault(f"'{text}' is not a list", fix="write a,b") from None
    return tuple(one.strip() for one in text.split(",") if one.strip())


def _truth(text: str) -> bool:
    word = text.strip().lower()
    if word not in {"true", "yes", "1", "false", "no", "0", ""}:
        raise UsageFault(f"--set verify={text}: expected true or false")
    return word in {"true", "yes", "1"}
