"""References and variables in manifests: whether they lead anywhere."""

from __future__ import annotations

from collections.abc import Mapping

from aof.errors import AofError, UsageFault, VariableUnset
from aof.manifests.loader import Loaded
from aof.manifests.references import resolve_reference
from aof.manifests.yaml_documents import Field
from aof.templates.variables import Expanded, expand


def check_ref(
    loaded: Loaded, ref: str, path: Field, environment: Mapping[str, str]
) -> list[AofError]:
    """That a reference leads to a manifest."""
    problems = check_expanded(loaded, ref, path, environment)
    if problems:
        return problems
    try:
        resolve_reference(
            expand(ref, environment).text, base=loaded.path.parent, environment=environment
        )
    except UsageFault as error:
        return [UsageFault(error.what, why=error.why, fix=error.fix, **loaded.at(*path))]
    return []


def check_expanded(
    loaded: Loaded, text: str, path: Field, environment: Mapping[str, str]
) -> list[AofError]:
    """Where an empty value makes no sense, a variable without a value is a problem."""
    expanded = expand(text, environment)
    refused = check_refused(loaded, expanded, path)
    if refused or not expanded.missing:
        return refused
    return [
        VariableUnset(
            f"${{{name}}} has no value",
            why=f"`{'.'.join(map(str, path))}` needs it",
            fix=f"set {name}, or write ${{{name}:-default}}",
            **loaded.at(*path),
        )
        for name in expanded.missing
    ]


def check_refused(loaded: Loaded, expanded: Expanded, path: Field) -> list[AofError]:
    """That every variable a manifest demands (`${NAME:?why}`) is set."""
    return [
        VariableUnset(f"${{{name}}} has no value", why=why, fix=f"set {name}", **loaded.at(*path))
        for name, why in expanded.refused
    ]
