"""What git prints, as the JSON the git tool returns. Pure."""

from __future__ import annotations

from typing import Any

from aof.transport.git_reader import LoggedCommit, decoded


def as_commit(commit: LoggedCommit) -> dict[str, Any]:
    """A commit of `log` as JSON."""
    message = commit.message.rstrip("\n")
    return {
        "sha": commit.sha,
        "parents": list(commit.parents),
        "author": commit.author,
        "email": commit.email,
        "time": commit.time,
        "subject": commit.subject,
        "message": message,
        "paths": list(commit.paths),
    }


def blamed_lines(raw: bytes) -> list[dict[str, Any]]:
    """Lines of `git blame --line-porcelain` with the commit that last changed each."""
    found: list[dict[str, Any]] = []
    current: dict[str, Any] = {}
    for piece in raw.split(b"\n"):
        line = decoded(piece)
        if line.startswith("\t"):
            found.append({**current, "text": line[1:]})
            current = {}
        elif not current and line:
            name, _, number, *_ = line.split(" ")
            current = {"line": int(number), "sha": name}
        else:
            key, _, value = line.partition(" ")
            if key in _BLAME:
                current[_BLAME[key]] = int(value) if key == "author-time" else value.strip("<>")
    return found


_BLAME = {"author": "author", "author-mail": "email", "author-time": "time", "summary": "subject"}


def file_changes(raw: bytes) -> list[dict[str, Any]]:
    """Files of `git diff --raw --numstat -z -M`, with counts and a status word."""
    fields = raw.split(b"\0")
    files: dict[str, dict[str, Any]] = {}
    index = 0
    while index < len(fields) - 1:
        head = decoded(fields[index]).lstrip("\n")
        if head.startswith(":"):
            letter = head.rsplit(" ", 1)[1][:1]
            moved = letter in {"R", "C"}
            path = decoded(fields[index + (2 if moved else 1)])
            old = decoded(fields[index + 1]) if moved else None
            files[path] = {"path": path, "status": _STATUS.get(letter, letter), "old_path": old}
            index += 3 if moved else 2
        else:
            added, deleted, path = head.split("\t", 2)
            if not path:
                path = decoded(fields[index + 2])
                index += 2
            counts = {"added": _count(added), "deleted": _count(deleted)}
            files.setdefault(path, {"path": path, "status": "modified", "old_path": None})
            files[path].update(counts)
            index += 1
    return list(files.values())


_STATUS = {
    "A": "added",
    "C": "copied",
    "D": "deleted",
    "M": "modified",
    "R": "renamed",
    "T": "type-changed",
}


def _count(word: str) -> int | None:
    return None if word == "-" else int(word)


def clipped(text: str, limit: int) -> tuple[str, bool]:
    """At most `limit` characters, and whether some were cut off."""
    return text[:limit], len(text) > limit


def bisect_steps(commits: int) -> int:
    """Most tests a bisection over this many suspects takes."""
    return max(commits - 1, 0).bit_length()
