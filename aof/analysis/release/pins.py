"""Pins: the one place of a YAML file that says which version an environment runs.

A pin is found by its field, or by what is usual for the kind of object; it is changed by its
bytes alone, and the file is read back: every other value must be as it was.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Literal, NamedTuple

from aof.analysis.release.files.located import Located, at, decoded, spliced
from aof.errors import UsageFault

Form = Literal["auto", "version", "tag", "commit"]
_USUAL = {
    "HelmRelease": r"spec\.chart\.spec\.version|spec\.values(\..+)?\.image\.tag",
    "GitRepository": r"spec\.ref\.(tag|commit)",
    "OCIRepository": r"spec\.ref\.tag",
    "Kustomization": r"(spec\.)?images\[.*\]\.newTag",
    "Application": r"spec\.source\.targetRevision",
}
_COMMIT = re.compile(r"[0-9a-f]{40}")
_VERSION = re.compile(r"(?P<v>v?)\d+(\.\d+)+([-+][0-9A-Za-z.+-]+)?")
_IMAGE = re.compile(r"[^\s@]+:(?P<tag>[\w.-]+)")
_MOST_VALUES = 50_000


class Released(NamedTuple):
    """A release that is promoted: its tag, its version without prefix, and its commit."""

    tag: str
    version: str
    sha: str


class Pin(NamedTuple):
    """A pin that was found: where, under which field, in which object."""

    place: Located
    field: str
    kind: str
    name: str
    namespace: str

    @property
    def value(self) -> str:
        """What the file says now."""
        return self.place.value


class _Value(NamedTuple):
    root: Any
    field: str
    node: Any

    @property
    def kind(self) -> str:
        """`Kind/name` of the object, as far as it says."""
        return "/".join(filter(None, (_child(self.root, "kind"), self.about("name"))))

    def about(self, name: str) -> str:
        """A field of the object's metadata."""
        return _child(_node(self.root, "metadata"), name)


def find_pin(content: bytes, path: str, *, field: str = "", kind: str = "") -> Pin:
    """The pin of a file.

    Args:
        content: Of the file; YAML, one document or several.
        path: For messages, and to know a `kustomization.yaml`.
        field: Such as `spec.chart.spec.version` or `images[shop].newTag`: items of lists go
            by their `name`, else by number. Empty looks for what is usual for the kind.
        kind: Only objects of this kind, `Kind` or `Kind/name`.

    Raises:
        UsageFault: No such field, or several; names those there are.
    """
    text = decoded(content, path)
    values = [one for one in _values(text, path) if _is_kind(one.kind, kind)]
    if field:
        found = [one for one in values if one.field == field]
    else:
        found = [one for one in values if _is_usual(one, path)]
    if len(found) != 1:
        named = ", ".join(sorted({f"{one.field} ({one.kind or 'no kind'})" for one in found}))
        wanted = field or "a version as is usual for its kind"
        raise UsageFault(
            f"{path} has {len(found) or 'no'} places for {wanted}"
            if found
            else f"{path} has no {wanted}",
            why=named or "a pin is one value that says which version runs",
            fix="set `field` of the pin, and `kind: Kind/name` where there are several objects",
            file=path,
        )
    (one,) = found
    return Pin(
        _place(one, text, path),
        one.field,
        _child(one.root, "kind"),
        one.about("name"),
        one.about("namespace"),
    )


def set_pin(content: bytes, path: str, pin: Pin, value: str) -> bytes:
    """The file with the bytes of the pin replaced.

    Raises:
        UsageFault: Another value would change, or the value would not be read back as text.
    """
    after = spliced(content, [pin.place], [value])
    before_values = list(_values(decoded(content, path), path))
    after_values = list(_values(decoded(after, path), path))
    changed = [
        (old, new)
        for old, new in zip(before_values, after_values, strict=False)
        if (old.node.value, old.field) != (new.node.value, new.field)
    ]
    if len(before_values) != len(after_values) or len(changed) > 1:
        raise UsageFault(
            f"{pin.field} cannot be changed alone",
            why="another value refers to it, e.g. by an anchor",
            file=path,
        )
    if changed and changed[0][1].node.tag != "tag:yaml.org,2002:str":
        raise UsageFault(
            f"{value} would not be read as text", fix="put quotes around it", file=path
        )
    return after


def spelled(current: str, released: Released, form: Form = "auto", *, path: str = "") -> str:
    """How a pin says a release: as version, tag or commit; `auto` keeps to what is there.

    Raises:
        UsageFault: What is there is a range or a name that moves.
    """
    if form != "auto":
        return {"version": released.version, "tag": released.tag, "commit": released.sha}[form]
    if _COMMIT.fullmatch(current):
        return released.sha
    prefix = released.tag.removesuffix(released.version)
    if len(prefix) > 1 and current.startswith(prefix):
        return released.tag
    found = _VERSION.fullmatch(current)
    if found is None:
        raise UsageFault(
            f"{path} says '{current}', which is no single version, tag or commit",
            why="a range or a name that moves would change an environment by itself",
            fix="write the version that runs there, or set `value` of the pin",
            file=path or None,
        )
    return f"{found['v']}{released.version}"


def _is_kind(kind: str, wanted: str) -> bool:
    return not wanted or wanted in {kind, kind.partition("/")[0]}


def _is_usual(one: _Value, path: str) -> bool:
    kind = _child(one.root, "kind")
    if not kind and re.search(r"(^|/)kustomization\.ya?ml$", path):
        kind = "Kustomization"
    return kind in _USUAL and re.fullmatch(_USUAL[kind], one.field) is not None


def _place(one: _Value, text: str, path: str) -> Located:
    node = one.node
    if node.style in {"|", ">"}:
        raise UsageFault(f"{one.field} is not one line of text", file=path)
    # The start may be that of an anchor.
    end = node.end_mark.index - (1 if node.style else 0)
    start = end - len(node.value)
    if text[start:end] != node.value:
        raise UsageFault(f"{one.field} is written with escapes", file=path)
    if one.field.endswith("image"):
        found = _IMAGE.fullmatch(node.value)
        if found is None:
            raise UsageFault(f"{one.field} has no tag of its own", why=node.value, file=path)
        start, end = start + found.start("tag"), start + found.end("tag")
    return at(text, start, end, name=one.field)


def _values(text: str, path: str) -> Iterator[_Value]:
    """Every value of every document, in order."""
    import yaml

    try:
        roots = list(yaml.compose_all(text, Loader=yaml.SafeLoader))
    except (yaml.YAMLError, RecursionError) as error:
        raise UsageFault(f"{path} is not YAML", why=str(error), file=path) from None
    seen = 0
    for root in roots:
        for field, node in _walk(root, ""):
            seen += 1
            if seen > _MOST_VALUES:
                raise UsageFault(f"{path} has more than {_MOST_VALUES} values", file=path)
            yield _Value(root, field, node)


def _walk(node: Any, field: str) -> Iterator[tuple[str, Any]]:
    import yaml

    if field.count(".") > 60:
        return
    if isinstance(node, yaml.ScalarNode):
        yield field, node
    elif isinstance(node, yaml.SequenceNode):
        for number, item in enumerate(node.value):
            yield from _walk(item, f"{field}[{_child(item, 'name') or number}]")
    elif isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            name = key.value if isinstance(key, yaml.ScalarNode) else "?"
            yield from _walk(value, f"{field}.{name}" if field else name)


def _node(node: Any, name: str) -> Any:
    import yaml

    if not isinstance(node, yaml.MappingNode):
        return None
    return next((value for key, value in node.value if key.value == name), None)


def _child(node: Any, name: str) -> str:
    import yaml

    found = _node(node, name)
    return str(found.value) if isinstance(found, yaml.ScalarNode) else ""
