"""Rendering of report templates: Jinja2 in its sandbox, markdown out.

Templates place what code has computed; they get plain values and no way to call back.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from aof.errors import UsageFault

if TYPE_CHECKING:
    from jinja2 import Template


def render(template: str, values: Mapping[str, Any], *, name: str) -> str:
    """Fill a template.

    Args:
        template: Jinja2 source.
        values: What the template may use; an unknown name is an error.
        name: For error messages, usually the template's file.

    Raises:
        UsageFault: The template cannot be parsed or asks for something it may not have.
    """
    from jinja2 import TemplateError

    try:
        text = _compiled(template).render(values)
    except TemplateError as error:
        raise UsageFault(
            f"the report template cannot be rendered: {error.message}",
            file=name,
            line=getattr(error, "lineno", None),
            fix="see docs/agents.md for the values a template can use",
        ) from None
    return squeezed(text)


@lru_cache(maxsize=32)
def _compiled(template: str) -> Template:
    from jinja2 import StrictUndefined
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    environment = ImmutableSandboxedEnvironment(
        undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, autoescape=False
    )
    return environment.from_string(template)


def squeezed(text: str) -> str:
    """`text` without trailing spaces, with at most one empty line in a row and one at the end."""
    lines: list[str] = []
    for line in text.splitlines():
        clean = line.rstrip()
        if clean or (lines and lines[-1]):
            lines.append(clean)
    return "\n".join(lines).strip("\n") + "\n"
