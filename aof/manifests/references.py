"""Where `library/cicd/deployment-guardian` is: working directory, library path, package."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from aof.errors import UsageFault, did_you_mean

_SUFFIXES = ("", ".yaml", ".yml")


def packaged_library() -> Path:
    """The library shipped with this program."""
    package = Path(__file__).resolve().parent.parent
    installed = package / "_library"
    return installed if installed.is_dir() else package.parent / "library"


def resolve_reference(
    ref: str, *, base: Path | None = None, environment: Mapping[str, str] | None = None
) -> Path:
    """The file a reference means.

    Looks in `base` (the folder of the manifest that refers), the working directory, each
    folder of `AOF_LIBRARY_PATH`, then the packaged library; each with and without `.yaml`.

    Raises:
        UsageFault: There is no such file; names the places that were searched.
    """
    environment = os.environ if environment is None else environment
    candidates = list(_candidates(ref, base, environment))
    for candidate in candidates:
        for suffix in _SUFFIXES:
            path = candidate.with_name(candidate.name + suffix) if suffix else candidate
            if path.is_file():
                return path
    raise UsageFault(
        f"no manifest '{ref}'",
        why="searched " + ", ".join(str(candidate.parent) for candidate in candidates),
        fix=_suggestion(ref),
    )


def _candidates(ref: str, base: Path | None, environment: Mapping[str, str]) -> Iterator[Path]:
    path = Path(ref)
    if path.is_absolute():
        yield path
        return
    if base is not None:
        yield base / path
    yield Path.cwd() / path
    inside = Path(*path.parts[1:]) if path.parts[:1] == ("library",) else path
    for folder in filter(None, environment.get("AOF_LIBRARY_PATH", "").split(os.pathsep)):
        yield Path(folder) / path
        yield Path(folder) / inside
    yield packaged_library() / inside


def _suggestion(ref: str) -> str:
    library = packaged_library()
    names = [
        f"library/{file.relative_to(library).with_suffix('')}"
        for file in library.rglob("*.yaml")
        if not file.name.endswith(".test.yaml")
    ]
    return did_you_mean(ref, names, otherwise="see: aofctl get agents")
