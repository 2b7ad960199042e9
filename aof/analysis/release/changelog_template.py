"""Changelog templates of one's own: Jinja2 in its sandbox, bounded in steps and size.

A template sees the values it is given and nothing else; who may change it is not thereby one
who may run code where releases are made.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from aof.errors import UsageFault

_MOST_STEPS = 200_000
_MOST_CHARACTERS = 20_000_000
_PADDING = {"center", "expandtabs", "format", "format_map", "ljust", "rjust", "zfill"}
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
        from jinja2 import TemplateError, nodes

        self.name = name
        self._environment = environment = _environment()
        try:
            tree = environment.parse(text)
            for loop in tree.find_all(nodes.For):
                loop.iter = nodes.Filter(loop.iter, "counted", [], [], None, None)
            self._template = environment.from_string(tree)
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

        self._environment.steps = 0
        pieces: list[str] = []
        size = 0
        try:
            for piece in self._template.generate(values):
                size += len(piece)
                if size > _MOST_CHARACTERS:
                    raise ValueError(f"it writes more than {_MOST_CHARACTERS} characters")
                pieces.append(piece)
        except (TemplateError, *_FAILURES) as error:
            raise UsageFault(
                f"the changelog template cannot be rendered: {error}", file=self.name
            ) from None
        return "".join(pieces)


def _environment() -> Any:
    from jinja2 import StrictUndefined
    from jinja2.exceptions import SecurityError
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    class Bounded(ImmutableSandboxedEnvironment):
        """Counts what loops go through and what is called; refuses to make much of little."""

        intercepted_binops = frozenset({"*", "**", "%"})
        steps = 0

        def step(self) -> None:
            self.steps += 1
            if self.steps > _MOST_STEPS:
                raise SecurityError(f"it takes more than {_MOST_STEPS} steps")

        def counted(self, items: Iterable[Any]) -> Iterator[Any]:
            for item in items:
                self.step()
                yield item

        def call(self, *arguments: Any, **named: Any) -> Any:
            self.step()
            return super().call(*arguments, **named)

        def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
            if operator == "**" or not (isinstance(left, int) and isinstance(right, int)):
                raise SecurityError(f"'{operator}' is for whole numbers, and '**' for none")
            return super().call_binop(context, operator, left, right)

        def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
            return attr not in _PADDING and super().is_safe_attribute(obj, attr, value)

    environment = Bounded(
        undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, autoescape=False
    )
    environment.filters["counted"] = environment.counted
    for name in ("batch", "center", "format", "indent", "slice", "tojson"):
        del environment.filters[name]
    environment.globals.clear()
    return environment
