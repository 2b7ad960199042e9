"""The one place where secrets are taken out of what we store, print or send.

Two sources: exact values of settings known to be secret, and shapes every such token has
(forge tokens, cloud keys, JWTs, PEM blocks, credentials inside URLs, Kubernetes Secret data).
Placeholders are stable: the same secret always becomes the same text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_SHORTEST_SECRET = 6

_SHAPES: tuple[tuple[str, re.Pattern[str]], ...] = (
    (
        "private-key",
        re.compile(
            r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY-----"
            r"(?:(?!-----END)[\s\S]){0,20000}(?:-----END [A-Z0-9 ]{0,40}PRIVATE KEY-----)?"
        ),
    ),
    ("github-token", re.compile(r"\b(?:gh[pousr]_[A-Za-z0-9]{20,255}|github_pat_\w{22,255})")),
    ("gitlab-token", re.compile(r"\bgl(?:pat|cbt|rt|dt|ptt|ft|soat|agent)-[\w-]{16,255}")),
    ("aws-key", re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b")),
    ("slack-token", re.compile(r"\bxox[abeoprs]-[A-Za-z0-9-]{10,255}")),
    ("jwt", re.compile(r"\beyJ[\w-]{8,4096}\.[\w-]{4,8192}\.[\w-]{4,1024}")),
    ("api-key", re.compile(r"\b(?:sk-(?:ant-|proj-|or-)?[\w-]{20,255}|AIza[\w-]{35})")),
    (
        "authorization",
        re.compile(r"(?i)(?<=authorization: )(?:bearer|basic|token) [\w.~+/=-]{6,4096}"),
    ),
)
_URL_CREDENTIALS = re.compile(r"(?<=://)([^\s/:@'\"]{1,256}):([^\s/@'\"]{1,512})@")


class Redactor:
    """Replaces secrets by placeholders such as `[SECRET:ARGOCD_TOKEN]`."""

    def __init__(self, secrets: Mapping[str, str] | None = None) -> None:
        self._names: dict[str, str] = {}
        self._values: re.Pattern[str] | None = None
        for name, value in (secrets or {}).items():
            self.add(name, value)

    def add(self, name: str, value: str) -> None:
        """Treat `value` as secret from now on. Values under 6 characters are left alone."""
        if len(value) < _SHORTEST_SECRET or value in self._names:
            return
        self._names[value] = name
        longest_first = sorted(self._names, key=len, reverse=True)
        self._values = re.compile("|".join(map(re.escape, longest_first)))

    def text(self, text: str) -> str:
        """`text` without secrets."""
        if self._values is not None:
            text = self._values.sub(lambda found: f"[SECRET:{self._names[found[0]]}]", text)
        for name, shape in _SHAPES:
            text = shape.sub(f"[SECRET:{name}]", text)
        if "://" in text:
            text = _URL_CREDENTIALS.sub("[SECRET:url-credentials]@", text)
        return text

    def value(self, value: Any) -> Any:
        """A JSON value without secrets, keys included; Kubernetes Secret data is masked."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            masked = {"data", "stringData"} if value.get("kind") == "Secret" else frozenset()
            return {
                self.text(str(key)): _mask(item) if key in masked else self.value(item)
                for key, item in value.items()
            }
        if isinstance(value, list | tuple):
            return [self.value(item) for item in value]
        return value


def _mask(item: Any) -> Any:
    if isinstance(item, Mapping):
        return dict.fromkeys(item, "[SECRET:kubernetes-secret]")
    return "[SECRET:kubernetes-secret]" if item else item
