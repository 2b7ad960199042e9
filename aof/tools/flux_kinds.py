"""The kinds of Flux objects, where the API has them, and what a person types about them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal

from aof.tools.base import quoted

_KUSTOMIZE = "kustomize.toolkit.fluxcd.io"
_HELM = "helm.toolkit.fluxcd.io"
_SOURCE = "source.toolkit.fluxcd.io"


Kind = Literal[
    "kustomization",
    "helmrelease",
    "gitrepository",
    "ocirepository",
    "helmrepository",
    "helmchart",
    "bucket",
]
"""A kind of Flux object that can be reconciled, suspended and resumed."""

PLURALS = {
    "kustomization": f"kustomizations.{_KUSTOMIZE}",
    "helmrelease": f"helmreleases.{_HELM}",
    "gitrepository": f"gitrepositories.{_SOURCE}",
    "ocirepository": f"ocirepositories.{_SOURCE}",
    "helmrepository": f"helmrepositories.{_SOURCE}",
    "helmchart": f"helmcharts.{_SOURCE}",
    "bucket": f"buckets.{_SOURCE}",
}
SOURCES = ("gitrepository", "ocirepository", "helmrepository", "helmchart", "bucket")
_WORDS = {
    "gitrepository": "source git",
    "ocirepository": "source oci",
    "helmrepository": "source helm",
    "helmchart": "source chart",
    "bucket": "source bucket",
}


def command(verb: str) -> Callable[[Mapping[str, Any]], str]:
    """What a person would type for `verb`, e.g. `flux suspend kustomization apps -n shop`."""

    def render(arguments: Mapping[str, Any]) -> str:
        kind = str(arguments.get("kind", "<kind>"))
        words = [
            "flux",
            verb,
            _WORDS.get(kind, quoted(kind)),
            quoted(arguments.get("name", "<name>")),
        ]
        if arguments.get("namespace"):
            words += ["-n", quoted(arguments["namespace"])]
        if arguments.get("with_source"):
            words.append("--with-source")
        return " ".join(words)

    return render
