"""The objects a folder of manifests stands for: plain YAML, kustomize, Helm; now or at a revision.

Rendering runs `kustomize build` (or `kubectl kustomize`) and `helm template`, which must be
installed. Nothing of the folder is executed, and nothing is fetched.
"""

from __future__ import annotations

import io
import os
import shutil
import tarfile
import tempfile
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from aof.errors import NotBound, UsageFault
from aof.transport.git_reader import GitReader
from aof.transport.kubernetes_documents import Object, parse_objects, read_objects
from aof.transport.kustomize import build, is_kustomization
from aof.transport.process import run

_TIMEOUT_S = 120.0
_NO_PLUGINS = {"HELM_PLUGINS": os.devnull, "HELM_KUBECONTEXT": "", "KUBECONFIG": os.devnull}


def render_folder(
    folder: Path, *, helm_values: Sequence[str] = (), root: Path | None = None
) -> list[Object]:
    """The objects of a folder (or of one file).

    Args:
        folder: With a kustomization, a Chart.yaml, or plain manifests.
        helm_values: Values files of a chart, relative to it.
        root: A kustomization may name nothing outside of it.

    Raises:
        UsageFault: There is nothing there, or it cannot be read.
        NotBound: The program that renders it is not installed.
        Unreachable: Rendering failed; `why` has the program's words.
    """
    if not folder.exists():
        raise UsageFault("there are no manifests", why=f"{folder} does not exist")
    if is_kustomization(folder):
        return build(folder, root=root)
    if (folder / "Chart.yaml").is_file():
        return parse_objects(_helm(folder, helm_values), name=f"helm template {folder}")
    return read_objects(folder)


def render_at(
    repository: Path, revision: str, path: str, *, helm_values: Sequence[str] = ()
) -> list[Object]:
    """The objects of `path` as they were at `revision`; the working tree is not touched.

    Raises:
        UsageFault: The revision or the path is not there.
    """
    reader = GitReader(repository)
    sha = reader.commit_of(revision)
    if sha is None:
        raise UsageFault(
            f"the clone has no revision {revision}",
            why=f"looked in {repository}",
            fix="fetch it, or give the clone that has it",
        )
    inside = PurePosixPath(path.strip("/") or ".")
    if inside.is_absolute() or ".." in inside.parts:
        raise UsageFault(f"'{path}' leaves the repository")
    packed = reader.git("archive", "--format=tar", sha).require()
    with tempfile.TemporaryDirectory(prefix="aof-manifests-") as name:
        root = Path(name)
        with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
            archive.extractall(root, filter="data")
        wanted = root / inside
        if not wanted.exists():
            raise UsageFault(f"{path} does not exist at {revision}", why=f"commit {sha[:12]}")
        return render_folder(wanted, helm_values=helm_values, root=root)


def _helm(folder: Path, values: Sequence[str]) -> bytes:
    if shutil.which("helm") is None:
        raise NotBound(
            f"{folder.name} needs helm",
            why="it is a chart, and helm is not on PATH",
            fix="install helm, or give rendered manifests",
        )
    files = [word for name in values for word in ("--values", str(folder / name))]
    argv = ("helm", "template", folder.name, str(folder), "--include-crds", *files)
    return run(argv, env=_NO_PLUGINS, timeout_s=_TIMEOUT_S).require()
