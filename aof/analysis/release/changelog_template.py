"""Changelog templates of one's own: Jinja2 in its sandbox, bounded in steps and size.

A template sees the values it is given and nothing else; who may change it is not thereby one
who may run code where releases are made.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aof.errors import UsageFault

_FAILURES = (ArithmeticError, LookupError, MemoryError, RecursionError, TypeError, ValueError)


class ChangelogTemplate:
    """A template that was parsed.

    Args:
        text: Jinja2.
        name: For error messages, usually the template's file.

    Raises:
        UsageFault: It cannot be parsed.
    """

    def __init__(self, text: str, name: str) -> None:
        from jinja2 import TemplateError

        from aof.analysis.release.bounded_jinja import BoundedEnvironment

        self.name = name
        self._environment = BoundedEnvironment()
        try:
            self._template = self._environment.bounded(text)
        except (TemplateError, RecursionError) as error:
            line = getattr(error, "lineno", None)
            raise UsageFault(
                f"the changelog template cannot be parsed: {error}", file=name, line=line
            ) from None

    def render(self, values: Mapping[str, Any]) -> str:
        """Fill it.

        Raises:
            UsageFault: It asks for what it may not have, or for too much.
        """
        from jinja2 import TemplateError

        self._environment.begin()
        pieces: list[str] = []
        try:
            for piece in self._template.generate(values):
                self._environment.spend(len(piece))
                pieces.append(piece)
        except (TemplateError, *_FAILURES) as error:
            raise UsageFault(
                f"the changelog template cannot be rendered: {error}", file=self.name
            ) from None
        return "".join(pieces)
