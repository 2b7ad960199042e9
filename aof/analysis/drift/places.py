"""One place where cluster and Git differ, before anybody has judged it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from aof.analysis.drift.paths import Path
from aof.analysis.drift.schema import Field
from aof.analysis.drift.writers import Writer


@dataclass(frozen=True, slots=True)
class Place:
    """Where, what Git says, what the cluster has.

    Attributes:
        desired: MISSING when Git does not mention it.
        live: MISSING when the cluster does not have it.
        shape: Of the value.
        writer: Who wrote the live value, when the search that found it knows.
        admission: Nobody but the GitOps tool, or nobody at all, owns this label, annotation
            or list item, and no manifest mentions it.
    """

    path: Path
    desired: Any
    live: Any
    shape: Field
    writer: Writer | None = None
    admission: bool = False
