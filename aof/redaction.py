"""The one place where secrets are taken out of what we store, print or send.

Two sources: exact values of settings known to be secret, and shapes every such token has
(forge tokens, cloud keys, JWTs, PEM blocks, passwords in assignments and URLs, Kubernetes
Secret data). Placeholders are stable: within a run the same secret always becomes the same
text, and two different ones never do.
"""

from __future__ import annotations

import base64
import json
import re
import threading
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from aof.secret_shapes import SHAPES, is_secret_name, secret_manifest_spans
from aof.words import Words

_SHORTEST_SECRET = 6
_KUBERNETES = "kubernetes-secret"
_KINDS = frozenset({_KUBERNETES, "value", *(shape.name for shape in SHAPES)})
_PLACEHOLDER = re.compile(r"\[SECRET:(?P<name>(?P<kind>[\w-]{1,100})(?::\d{1,9})?)\]")
_Span = tuple[int, int, str]


class Redactor:
    """Replaces secrets by placeholders such as `[SECRET:ARGOCD_TOKEN]`, `[SECRET:jwt:1]`."""

    def __init__(self, secrets: Mapping[str, str] | None = None) -> None:
        self._names: dict[str, str] = {}
        self._longest_first: list[str] = []
        self._values = Words(())
        self._numbers: dict[tuple[str, str], int] = {}
        self._lock = threading.Lock()
        for name, value in (secrets or {}).items():
            self.add(name, value)

    def add(self, name: str, value: str) -> None:
        """Treat `value` as secret from now on, also URL-encoded, in base64 and inside JSON.

        Values under 6 characters are left alone: replacing them would destroy every text.
        """
        value = value.strip()
        if len(value) < _SHORTEST_SECRET:
            return
        with self._lock:
            for form in _forms(value):
                self._names.setdefault(form, name)
            self._longest_first = sorted(self._names, key=len, reverse=True)
            self._values = Words(tuple(self._longest_first))

    def text(self, text: str) -> str:
        """`text` without secrets."""
        if self._values.places(text):
            for value in self._longest_first:
                text = text.replace(value, f"[SECRET:{self._names[value]}]")
        spans = list(_spans(text))
        if spans and "[SECRET:" in text:
            ours = self._placeholders(text)
            spans = [one for one in spans if not any(a <= one[0] < b for a, b in ours)]
        return self._replaced(text, spans) if spans else text

    def value(self, value: Any) -> Any:
        """A JSON value without secrets, keys included.

        Masked as a whole: `data` and `stringData` of a Kubernetes Secret, and text under a
        key, or of a `{name, value}` pair, whose name says that it is a secret.
        """
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return self._mapping(value)
        if isinstance(value, list | tuple):
            return [self.value(item) for item in value]
        return value

    def _mapping(self, value: Mapping[Any, Any]) -> dict[str, Any]:
        of_secret = value.get("kind") == "Secret"
        named_secret = "value" in value and is_secret_name(str(value.get("name", "")))
        clean: dict[str, Any] = {}
        for raw_key, item in value.items():
            key = self.text(str(raw_key))
            if of_secret and raw_key in {"data", "stringData"}:
                clean[key] = self._masked(item, _KUBERNETES)
            elif (named_secret and raw_key == "value") or is_secret_name(str(raw_key)):
                clean[key] = self._masked_text(item)
            else:
                clean[key] = self.value(item)
        return clean

    def _masked(self, item: Any, kind: str) -> Any:
        """Every leaf of `item` replaced."""
        if isinstance(item, Mapping):
            return {str(key): self._masked(inner, kind) for key, inner in item.items()}
        if isinstance(item, list | tuple):
            return [self._masked(inner, kind) for inner in item]
        return self._placeholder(kind, str(item)) if item not in (None, "") else item

    def _masked_text(self, item: Any) -> Any:
        clean = self.value(item)
        if not isinstance(clean, str) or len(clean) < _SHORTEST_SECRET or "[SECRET:" in clean:
            return clean
        return clean if clean.startswith(("$", "<", "***")) else self._placeholder("value", clean)

    def _replaced(self, text: str, spans: list[_Span]) -> str:
        parts: list[str] = []
        done = 0
        for start, end, kind in sorted(spans, key=lambda span: (span[0], -span[1])):
            if start < done:
                # Overlapping: the part not yet covered is taken out as well.
                done = max(done, end)
                continue
            parts += [text[done:start], self._placeholder(kind, text[start:end])]
            done = end
        return "".join([*parts, text[done:]])

    def _placeholders(self, text: str) -> list[tuple[int, int]]:
        """Where placeholders of ours stand: `SECRET:` itself looks like an assignment."""
        known = set(self._names.values())
        return [
            found.span()
            for found in _PLACEHOLDER.finditer(text)
            if found["name"] in known or found["kind"] in _KINDS
        ]

    def _placeholder(self, kind: str, secret: str) -> str:
        with self._lock:
            number = self._numbers.setdefault((kind, secret), len(self._numbers) + 1)
        return f"[SECRET:{kind}:{number}]"


def _forms(value: str) -> set[str]:
    """The same secret as URLs, Kubernetes and JSON write it."""
    encoded = base64.b64encode(value.encode()).decode()
    return {value, quote(value, safe=""), json.dumps(value)[1:-1], encoded, encoded.rstrip("=")}


_SHAPES = tuple(shape for shape in SHAPES for _ in shape.begins)
_BEGINS = Words(tuple(literal for shape in SHAPES for literal in shape.begins))


def _spans(text: str) -> Iterator[_Span]:
    lowered = text.lower()
    if len(lowered) != len(text):
        # A few letters change their length in lower case; positions must not move.
        lowered = "".join(char.lower() if char.isascii() else char for char in text)
    passed: dict[int, int] = {}
    for index, at in _BEGINS.places(lowered):
        # A literal inside a secret that it began itself begins no further one.
        if at < passed.get(index, 0):
            continue
        shape = _SHAPES[index]
        found = shape.match(text, at)
        if found is not None:
            passed[index] = found[1]
            yield (*found, shape.name)
    yield from ((start, end, _KUBERNETES) for start, end in secret_manifest_spans(text, lowered))
