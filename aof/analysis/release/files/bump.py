"""Sets the version in version files and checks that nothing else changed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import PurePosixPath

from aof.analysis.release.config import VersionFile
from aof.analysis.release.files import json_file, text_file, toml_file, xml_file, yaml_file
from aof.analysis.release.files.located import Located, spliced
from aof.analysis.release.version import Version, pep440
from aof.errors import UsageFault

_KINDS: dict[str, Callable[[bytes, str], list[Located]]] = {
    "package.json": json_file.locate_package,
    "package-lock.json": json_file.locate_lock,
    "npm-shrinkwrap.json": json_file.locate_lock,
    "Cargo.toml": toml_file.locate_cargo,
    "pyproject.toml": toml_file.locate_pyproject,
    "pom.xml": xml_file.locate_pom,
    "version.txt": text_file.locate_text,
    "VERSION": text_file.locate_text,
}
DETECTED = ("package.json", "Cargo.toml", "pyproject.toml", "pom.xml", "version.txt", "VERSION")
_COMPANIONS = {
    "package.json": ("package-lock.json", "npm-shrinkwrap.json"),
    "Cargo.toml": ("Cargo.lock",),
}


def companions(path: str) -> tuple[str, ...]:
    """Lock files that repeat the version of `path`, where they exist."""
    where = PurePosixPath(path)
    return tuple(str(where.with_name(name)) for name in _COMPANIONS.get(where.name, ()))


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
            values = {place.value for place in _KINDS[name](contents[name], name)}
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
        _set(file, contents[file.path], version, expected, changed)
        for lock in companions(file.path):
            if lock in contents:
                crate = ""
                if lock.endswith("Cargo.lock"):
                    crate = toml_file.crate_name(contents[file.path], file.path)
                _set(VersionFile(lock, crate), contents[lock], version, expected, changed)
    return changed


def _set(
    file: VersionFile,
    content: bytes,
    version: str,
    expected: Collection[str],
    changed: dict[str, bytes],
) -> None:
    places = _locate(file, content)
    wanted = [_spelled(file.path, version, place) for place in places]
    for place, value in zip(places, wanted, strict=True):
        if expected and place.value not in {*_spellings(file.path, expected), value}:
            raise UsageFault(
                f"{file.path} states {place.name} {place.value}",
                why=f"expected is {' or '.join(sorted(expected))}, the last release",
                fix="correct the file, or take it out of version_files",
                file=file.path,
            )
    after = spliced(content, places, wanted)
    if [place.value for place in _locate(file, after)] != wanted:
        raise UsageFault(f"{file.path} does not read back as {version}", file=file.path)
    if after != content:
        changed[file.path] = after


def _locate(file: VersionFile, content: bytes) -> list[Located]:
    name = PurePosixPath(file.path).name
    if file.pattern:
        return text_file.locate_pattern(content, file.path, file.pattern)
    if name == "Chart.yaml":
        return yaml_file.locate_chart(content, file.path, file.field)
    if name == "Cargo.lock":
        return toml_file.locate_cargo_lock(content, file.path, file.field)
    if name in _KINDS:
        return _KINDS[name](content, file.path)
    raise UsageFault(
        f"{file.path} is of no known kind",
        why=f"known are {', '.join((*_KINDS, 'Chart.yaml'))}",
        fix="give a pattern with a group 'version'",
        file=file.path,
    )


def _spelled(path: str, version: str, place: Located) -> str:
    """How a file writes `version`: Python in its own way, `v` where the file has one."""
    parsed = Version.parse(version)
    if PurePosixPath(path).name == "pyproject.toml" and parsed is not None:
        try:
            return pep440(parsed)
        except ValueError as error:
            raise UsageFault(str(error), file=path) from None
    has_prefix = place.value[:1] == "v" and place.value[1:2].isdigit()
    return f"v{version}" if has_prefix else version


def _spellings(path: str, versions: Collection[str]) -> set[str]:
    found = {form for version in versions for form in (version, f"v{version}")}
    if PurePosixPath(path).name == "pyproject.toml":
        for version in versions:
            parsed = Version.parse(version)
            try:
                found |= {pep440(parsed)} if parsed else set()
            except ValueError:
                continue
    return found
