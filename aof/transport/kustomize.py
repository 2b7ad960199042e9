"""Building kustomizations with `kustomize` or `kubectl kustomize`, from local files only.

The repository is not trusted: kustomize itself would clone and download whatever a
kustomization names. Here everything named must lie inside, plugins and charts stay off, and
the program finds neither git nor a way out.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from aof.errors import NotBound, UsageFault
from aof.transport.kubernetes_documents import Object, parse_objects, parse_values, write_objects
from aof.transport.process import run

FILES = ("kustomization.yaml", "kustomization.yml", "Kustomization")
_TIMEOUT_S = 120.0
_NOWHERE = "http://127.0.0.1:1"
_ALONE = {
    "PATH": "",
    "HTTP_PROXY": _NOWHERE,
    "HTTPS_PROXY": _NOWHERE,
    "NO_PROXY": "",
}
_LISTS = (
    "resources", "bases", "components", "crds", "configurations", "generators", "transformers",
    "validators", "patchesStrategicMerge",
)  # fmt: skip
_WITH_PATH = ("patches", "patchesJson6902", "replacements")
_MAKERS = ("configMapGenerator", "secretGenerator")
_CHARTS = ("helmCharts", "helmChartInflationGenerator")


def is_kustomization(folder: Path) -> bool:
    """Whether the folder has to be built."""
    return any((folder / name).is_file() for name in FILES)


def build(folder: Path, *, root: Path | None = None) -> list[Object]:
    """The objects of a kustomization.

    Args:
        folder: With a kustomization.
        root: Nothing outside of it may be named; None: anything on this machine.

    Raises:
        UsageFault: It names something that is not there, or not inside.
        NotBound: Neither program is installed.
        Unreachable: Building failed; `why` has the program's words.
    """
    argv = _program(folder)
    _check(folder, root.resolve() if root else None, set())
    built = run((*argv, str(folder)), env=_ALONE, timeout_s=_TIMEOUT_S).require()
    return parse_objects(built, name=f"kustomize build {folder}")


def overlay(objects: Sequence[Object], changes: Mapping[str, Any]) -> list[Object]:
    """Objects after a kustomization has changed them.

    Args:
        objects: Before the changes.
        changes: Fields of a kustomization: `patches`, `images`, `namePrefix` ...

    Raises:
        UsageFault, NotBound, Unreachable: As `build`.
    """
    with tempfile.TemporaryDirectory(prefix="aof-overlay-") as name:
        folder = Path(name)
        write_objects(folder / "objects.yaml", objects)
        about = {"apiVersion": "kustomize.config.k8s.io/v1beta1", "kind": "Kustomization"}
        made: Object = {**about, "resources": ["objects.yaml"], **changes}
        write_objects(folder / FILES[0], [made])
        return build(folder, root=folder)


def _program(folder: Path) -> tuple[str, ...]:
    if (found := shutil.which("kustomize")) is not None:
        return (found, "build")
    if (found := shutil.which("kubectl")) is not None:
        return (found, "kustomize")
    raise NotBound(
        f"{folder.name} needs kustomize",
        why="it has a kustomization, and neither kustomize nor kubectl is on PATH",
        fix="install kustomize, or give rendered manifests",
    )


def _check(folder: Path, root: Path | None, seen: set[Path]) -> None:
    """Follow every kustomization below `folder`, and refuse what lies elsewhere."""
    if folder in seen:
        return
    seen.add(folder)
    for file in (folder / name for name in FILES if (folder / name).is_file()):
        for value in parse_values(file.read_bytes(), name=str(file)):
            for named in _named(value if isinstance(value, dict) else {}):
                target = _inside(file, named, root)
                if target.is_dir():
                    _check(target, root, seen)


def _inside(file: Path, named: str, root: Path | None) -> Path:
    try:
        target = (file.parent / named).resolve()
        there = target.exists()
    except (OSError, ValueError):
        target, there = file, False
    if not there or "://" in named or (root is not None and not target.is_relative_to(root)):
        raise UsageFault(
            f"the kustomization names {named[:200]!r}, which is not in the repository",
            why="manifests are rendered from files of the repository only; nothing is fetched",
            fix="build it where you trust it, and give the rendered manifests",
            file=str(file),
        )
    return target


def _named(kustomization: Mapping[str, Any]) -> Iterator[str]:
    """Files and folders a kustomization names; inline YAML has line breaks."""
    for charts in _CHARTS:
        if kustomization.get(charts):
            yield f"{charts} (charts from elsewhere)"
    for key in _LISTS:
        yield from (one for one in _texts(kustomization.get(key)) if "\n" not in one)
    for key in _WITH_PATH:
        for entry in _mappings(kustomization.get(key)):
            yield from _texts([entry.get("path")])
    yield from _texts([(_mappings([kustomization.get("openapi")]) or [{}])[0].get("path")])
    for key in _MAKERS:
        for entry in _mappings(kustomization.get(key)):
            sources = [*_texts(entry.get("envs")), *_texts([entry.get("env")])]
            yield from (
                *sources,
                *(one.partition("=")[2] or one for one in _texts(entry.get("files"))),
            )


def _texts(value: Any) -> list[str]:
    return [one for one in value if isinstance(one, str) and one] if isinstance(value, list) else []


def _mappings(value: Any) -> list[Mapping[str, Any]]:
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list) else []
