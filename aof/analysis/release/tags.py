"""Which tags are releases: a template like `v{version}` or `{package}@{version}`, and its regex."""

from __future__ import annotations

import re
from collections.abc import Iterable

from aof.analysis.release.version import Version
from aof.errors import UsageFault

_VERSION_AT_END = re.compile(
    r"(.*?)(?<!\d)(?<!\d\.)((?:0|[1-9]\d*)\.(?:0|[1-9]\d*)\.(?:0|[1-9]\d*)(?:[-+][0-9A-Za-z.+-]+)?)"
)


class TagTemplate:
    """A tag name with `{version}` in it, and maybe `{package}`.

    Raises:
        UsageFault: `{version}` is missing or given twice, or the result is no tag name.
    """

    def __init__(self, template: str, package: str = "") -> None:
        named = template.replace("{package}", package)
        before, found, after = named.partition("{version}")
        if not found or "{" in before + after or "}" in before + after:
            raise UsageFault(
                f"'{template}' is not a tag template",
                why="it needs {version} exactly once; {package} may be given, nothing else",
                fix="for example v{version} or {package}@{version}",
            )
        if re.search(r"[\s~^:?*\[\\]|\.\.|@\{|//|^-|^/|\.lock$", before + "1.0.0" + after):
            raise UsageFault(f"'{template}' gives names git does not take for tags")
        self.template = template
        self.before, self.after = before, after

    def version_in(self, name: str) -> str | None:
        """The version part of a tag name; None when the name does not fit."""
        if not name.startswith(self.before) or not name.endswith(self.after):
            return None
        return name[len(self.before) : len(name) - len(self.after)] or None

    def name(self, version: str) -> str:
        """The tag of a version."""
        return f"{self.before}{version}{self.after}"


def detect_template(names: Iterable[str]) -> tuple[str, tuple[str, ...]]:
    """Guess the template of a repository from its tags.

    `v1.2.3` and `1.2.3` are usual; the one with the highest version is taken, of two the one
    with more tags. Without either, a single other prefix is.

    Returns:
        The template, and the prefixes it could not choose from: then nothing fits, and a
        person has to say.
    """
    prefixes: dict[str, list[Version]] = {}
    for name in names:
        match = _VERSION_AT_END.fullmatch(name)
        version = Version.parse(match[2]) if match else None
        if match and version:
            prefixes.setdefault(match[1], []).append(version)
    usual = [prefix for prefix in ("v", "") if prefix in prefixes]
    if usual:
        chosen = max(usual, key=lambda one: (max(prefixes[one]), len(prefixes[one])))
        return f"{chosen}{{version}}", ()
    if len(prefixes) == 1:
        return f"{next(iter(prefixes))}{{version}}", ()
    return "v{version}", tuple(sorted(prefixes))
