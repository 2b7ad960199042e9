"""Files that differ between two commits, as a forge tells them, in the shape `git diff` has."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

_MOST_PATCH = 64_000


@dataclass(frozen=True, slots=True)
class FileChange:
    """One file; `patch` is its part of the unified diff, without headers."""

    path: str
    status: str
    old_path: str | None
    patch: str


def changed_files(changes: Iterable[FileChange]) -> dict[str, Any]:
    """`{files: [{path, status, old_path}], patch}`."""
    files: list[dict[str, Any]] = []
    parts: list[str] = []
    for one in changes:
        files.append({"path": one.path, "status": one.status, "old_path": one.old_path})
        if one.patch:
            parts.append(f"diff --git a/{one.old_path or one.path} b/{one.path}\n{one.patch}")
    return {"files": files, "patch": "\n".join(parts)[:_MOST_PATCH]}
