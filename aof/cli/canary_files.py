"""Files and option values of `aofctl analyze canary`."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from aof.cli.options import parse_settings
from aof.errors import UsageFault
from aof.transport.files import write_atomically

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

    from aof.analysis.canary import CanaryEvidence, CanaryLimits
    from aof.analysis.canary.evidence import Stage


def read_evidence(path: Path) -> CanaryEvidence:
    """The evidence in a JSON file, `-` being standard input; says what is wrong with it."""
    from pydantic import ValidationError

    from aof.analysis.canary import CanaryEvidence
    from aof.analysis.canary.evidence import first_problem, remedy

    try:
        text = sys.stdin.read() if str(path) == "-" else path.read_text(encoding="utf-8-sig")
        return CanaryEvidence.model_validate(json.loads(text))
    except OSError as error:
        raise UsageFault(f"{path} cannot be read", why=str(error)) from None
    except ValidationError as error:
        raise UsageFault(
            "this is not canary evidence",
            why=first_problem(error),
            fix=remedy(error),
            file=str(path),
        ) from None
    except ValueError as error:
        raise UsageFault(f"{path} is not JSON", why=str(error)) from None
    except RecursionError:
        raise UsageFault(f"{path} is nested too deeply to be canary evidence") from None


def write_evidence(path: Path, evidence: CanaryEvidence) -> None:
    """Write the evidence file, whole or not at all."""
    text = json.dumps(evidence.as_dict(), indent=1, ensure_ascii=False) + "\n"
    write_atomically(path, text.encode())


def limits_from(pairs: Sequence[str]) -> CanaryLimits:
    """The limits, some of them given as NAME=VALUE."""
    from pydantic import ValidationError

    from aof.analysis.canary import CanaryLimits

    try:
        return CanaryLimits.model_validate(parse_settings(pairs, "--limit"))
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        raise UsageFault(
            f"--limit {name}: {_said(first)}", fix="docs/canary.md lists every limit"
        ) from None


def _said(first: ErrorDetails) -> str:
    return "there is no such limit" if first["type"] == "extra_forbidden" else first["msg"]


def parse_stages(text: str) -> tuple[Stage, ...]:
    """`5:5m,25:10m` as stages."""
    from aof.analysis.canary.evidence import Stage
    from aof.manifests.base import duration_s

    try:
        pairs = [part.split(":") for part in text.split(",")]
        return tuple(
            Stage(weight=float(percent.strip("% ")) / 100, seconds=duration_s(length.strip()))
            for percent, length in pairs
        )
    except ValueError:
        raise UsageFault(f"--stages {text}: expected e.g. 5:5m,25:10m,50:15m") from None


def save_plot(path: Path, document: str) -> None:
    """Write a picture as its name asks: SVG or PNG."""
    if path.suffix.lower() == ".png":
        from aof.plots.raster import png

        write_atomically(path, png(document))
    else:
        write_atomically(path, document.encode())
