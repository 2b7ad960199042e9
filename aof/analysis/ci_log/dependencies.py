"""Which dependencies a diff of manifests and lock files changes, and from what to what."""

from __future__ import annotations

import re

_MOST = 50
_VERSION = r"v?\d[\w.+-]*"
_ONE_LINE = tuple(  # name and version stand on one line
    re.compile(pattern)
    for pattern in (
        rf'^"?(?P<name>@?[\w./-]+)"?: *"[\^~=]{{0,2}}(?P<version>{_VERSION})",?$',  # package.json
        rf"^(?P<name>[\w.-]+)(?:\[[\w,-]*\])?==(?P<version>{_VERSION})",  # requirements.txt
        rf"^(?:require )?(?P<name>[\w/-]+\.[\w./-]+) (?P<version>v{_VERSION})"
        r"(?:/go\.mod)?(?: h1:.*| // indirect)?$",  # go.mod, go.sum
        rf"^(?P<name>[\w-]+) \((?P<version>{_VERSION})\)$",  # Gemfile.lock
        rf"^(?P<name>[\w.-]+:[\w.-]+):(?P<version>{_VERSION})=[\w,]*$",  # gradle.lockfile
        r"^'?/?(?P<name>@?[\w./-]+)@(?P<version>\d[\w.+-]*)(?:\([^)]*\))*'?:$",  # pnpm-lock.yaml
        rf'^"(?P<name>\w+)": \{{:hex, :\w+, "(?P<version>{_VERSION})"',  # mix.lock
        rf'^<PackageReference Include="(?P<name>[\w.-]+)" Version="(?P<version>{_VERSION})"',
    )
)
_NAME = re.compile(  # the name opens a block, the version follows in it
    r'^(?:name = |"name": )"(?P<name>[^"]+)",?$'
    r'|^"?(?:[^"]{0,500}node_modules/)(?P<npm>[^"]+)": \{$'
    r'|^"(?P<block>@?[\w./-]+)": \{$'  # Pipfile.lock, packages.lock.json
    r'|^"?(?P<yarn>@?[\w./-]+)@.{1,200}:$'
    r"|^<artifactId>(?P<maven>[\w.-]+)</artifactId>$"
)
_OPENED = re.compile(
    rf'^"?(?:version|resolved)"?(?: = |: | )"?(?:==)?(?P<version>{_VERSION})"?,?$'
    rf"|^<version>(?P<maven>{_VERSION})</version>$"
)


def dependency_changes(patch: str) -> tuple[tuple[str, str, str], ...]:
    """`(package, before, after)` of each pin a unified diff changes, at most 50.

    `before` is empty for a package that came, `after` for one that went. Changed ones come
    first.
    """
    before: dict[str, str] = {}
    after: dict[str, str] = {}
    package = ""
    for line in patch.splitlines():
        sign, text = line[:1], line[1:].strip()
        if line.startswith(("+++", "---", "@@", "diff ")):
            package = ""
            continue
        name, version = _pin(text, package)
        if not version:
            package = name or package
        elif name and sign in "-+":
            (before if sign == "-" else after).setdefault(name, version)
    changed = [(name, old, after[name]) for name, old in before.items() if name in after]
    moved = [one for one in changed if one[1] != one[2]]
    came = [(name, "", new) for name, new in after.items() if name not in before]
    went = [(name, old, "") for name, old in before.items() if name not in after]
    return tuple([*moved, *came, *went][:_MOST])


def _pin(text: str, package: str) -> tuple[str, str]:
    """Name and version a line gives: a version without a name belongs to `package`."""
    opened = _OPENED.match(text)
    if opened is not None:
        return package, opened["version"] or opened["maven"]
    for pattern in _ONE_LINE:
        match = pattern.match(text)
        if match is not None and match["name"] not in {"version", "lockfileVersion", "resolved"}:
            return match["name"], match["version"]
    named = _NAME.match(text)
    if named is None:
        return "", ""
    return next(value for value in named.groupdict().values() if value), ""
