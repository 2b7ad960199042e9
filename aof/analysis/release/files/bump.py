"""Sets the version in version files and checks that nothing else changed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from pathlib import PurePosixPath

from aof.analysis.release.config import VersionFile
from aof.analysis.release.files import json_file, text_file, toml_file, xml_file, yaml_file
from aof.analysis.release.files.located import Located, spliced
from aof.analysis.release.version import Version, pep440
from aof.errors import UsageFault

_KINDS: dict[str, Callable[[bytes, str], list[Located]]] = {
    "package.json": json_file.locate_package,
    "package-lock.json": partial(json_file.locate_lock, folder=""),
    "npm-shrinkwrap.json": partial(json_file.locate_lock, folder=""),
    "Cargo.toml": toml_file.locate_cargo,
    "pyproject.toml": toml_file.locate_pyproject,
    "version.txt": text_file.locate_text,
    "VERSION": text_file.locate_text,
}
_PYTHON = {"pyproject.toml", "uv.lock"}
_Locator = Callable[[bytes], list[Located]]
DETECTED = ("package.json", "Cargo.toml", "pyproject.toml", "pom.xml", "version.txt", "VERSION")
_COMPANIONS = {
    "package.json": ("package-lock.json", "npm-shrinkwrap.json"),
    "Cargo.toml": ("Cargo.lock",),
    "pyproject.toml": ("uv.lock",),
}


def companions(path: str) -> tuple[str, ...]:
    """Lock files that may repeat the version of `path`: beside it or, in a workspace, above."""
    where = PurePosixPath(path)
    names = _COMPANIONS.get(where.name, ())
    return tuple(str(folder / name) for folder in where.parents for name in names)


def detect_version_files(
    contents: Mapping[str, bytes], expected: Collection[str]
) -> tuple[tuple[VersionFile, ...], tuple[str, ...]]:
    """Choose files nobody declared: those at the top that state the current version.

    Args:
        contents: Files at the top of the repository.
        expected: Versions a followed file may state now.

    Returns:
        The files to change, and sentences about those that state another version.
    """
    chosen: list[VersionFile] = []
    notes: list[str] = []
    for name in DETECTED:
        if name not in contents:
            continue
        try:
            values = {place.value for place in _locator(VersionFile(name))(contents[name])}
        except UsageFault as error:
            notes.append(f"{name} is left alone: {error.what}")
            continue
        if values <= _spellings(name, expected):
            chosen.append(VersionFile(name))
        else:
            notes.append(f"{name} is left alone: it says {', '.join(sorted(values))}")
    return tuple(chosen), tuple(notes)


def bump_files(
    declared: Sequence[VersionFile],
    contents: Mapping[str, bytes],
    version: str,
    *,
    expected: Collection[str] = (),
) -> dict[str, bytes]:
    """New contents of version files and their lock files.

    Args:
        declared: Which files.
        contents: Path to content, of these and their companions where they exist.
        version: The new one, without prefix.
        expected: Versions the files may state now; empty takes any.

    Returns:
        Path to new content, only for files that change.

    Raises:
        UsageFault: A file is missing, states a version nobody expects, or does not read
            back as wanted.
    """
    changed: dict[str, bytes] = {}
    for file in declared:
        if file.path not in contents:
            raise UsageFault(f"the version file {file.path} does not exist", file=file.path)
        content = contents[file.path]
        written = {**contents, **changed}
        changed |= _set(file.path, written[file.path], _locator(file), version, expected)
        for lock in _locks(file, contents):
            locate = _lock_locator(lock, contents[lock], file.path, content)
            changed |= _set(lock, written[lock], locate, version, expected)
    return changed


def _locks(file: VersionFile, contents: Mapping[str, bytes]) -> list[str]:
    """The nearest lock file of each name."""
    found: dict[str, str] = {}
    for lock in companions(file.path) if not file.pattern else ():
        if lock in contents:
            found.setdefault(PurePosixPath(lock).name, lock)
    return list(found.values())


def _set(
    path: str, content: bytes, locate: _Locator, version: str, expected: Collection[str]
) -> dict[str, bytes]:
    places = locate(content)
    wanted = [_spelled(path, version, place) for place in places]
    for place, value in zip(places, wanted, strict=True):
        if expected and place.value not in {*_spellings(path, expected), value}:
            raise UsageFault(
                f"{path} states {place.name} {place.value}",
                why=f"expected is {' or '.join(sorted(expected))}, the last release",
                fix="correct the file, or take it out of version_files",
                file=path,
            )
    after = spliced(content, places, wanted)
    if [place.value for place in locate(after)] != wanted:
        raise UsageFault(f"{path} does not read back as {version}", file=path)
    return {path: after} if after != content else {}


def _lock_locator(lock: str, content: bytes, path: str, manifest: bytes) -> _Locator:
    """Finds the entries of a lock file that belong to the manifest at `path`."""
    where = PurePosixPath(path).parent.relative_to(PurePosixPath(lock).parent)
    if lock.endswith(".json"):
        return lambda raw: json_file.locate_lock(raw, lock, "" if str(where) == "." else str(where))
    if lock.endswith("uv.lock"):
        project = toml_file.project_name(manifest, path)
        return lambda raw: toml_file.locate_uv_lock(raw, lock, project)
    crates = toml_file.crates(manifest, path, content)
    return lambda raw: toml_file.locate_cargo_lock(raw, lock, crates)


def _locator(file: VersionFile) -> _Locator:
    name, path = PurePosixPath(file.path).name, file.path
    if file.pattern:
        return lambda raw: text_file.locate_pattern(raw, path, file.pattern)
    if name == "Chart.yaml":
        return lambda raw: yaml_file.locate_chart(raw, path, file.field)
    if name == "pom.xml":
        return lambda raw: xml_file.locate_pom(raw, path, file.field)
    if name in _KINDS:
        return lambda raw: _KINDS[name](raw, path)
    raise UsageFault(
        f"{file.path} is of no known kind",
        why=f"known are {', '.join((*_KINDS, 'pom.xml', 'Chart.yaml'))}",
        fix="give a pattern with a group 'version'",
        file=file.path,
    )


def _spelled(path: str, version: str, place: Located) -> str:
    """How a file writes `version`: Python in its own way, `v` where the file has one."""
    parsed = Version.parse(version)
    if PurePosixPath(path).name in _PYTHON and parsed is not None:
        try:
            return pep440(parsed)
        except ValueError as error:
            raise UsageFault(str(error), file=path) from None
    has_prefix = place.value[:1] == "v" and place.value[1:2].isdigit()
    return f"v{version}" if has_prefix else version


def _spellings(path: str, versions: Collection[str]) -> set[str]:
    found = {form for version in versions for form in (version, f"v{version}")}
    if PurePosixPath(path).name in _PYTHON:
        for version in versions:
            parsed = Version.parse(version)
            try:
                found |= {pep440(parsed)} if parsed else set()
            except ValueError:
                continue
    return found
