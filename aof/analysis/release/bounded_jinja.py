"""A Jinja2 sandbox that cannot be made to work, or to hold, without end.

Every loop and call is a step; every text, list and product is charged with its size before it
is made, or after where it grows by a constant factor at most. Both are limited for one rendering.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import wraps
from typing import Any

from jinja2 import StrictUndefined, nodes
from jinja2.exceptions import SecurityError
from jinja2.filters import do_join, do_replace
from jinja2.runtime import markup_join, str_join
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import pass_eval_context
from jinja2.visitor import NodeTransformer

_MOST_STEPS = 200_000
_MOST_CHARACTERS = 20_000_000
_AN_ENTRY = 50
"""What an entry of a list counts beside its text."""
_MOST_BITS = 4096
_REFUSED = {
    *("center", "encode", "expandtabs", "format", "format_map", "ljust", "rjust", "to_bytes"),
    *("translate", "zfill"),
}
"""Methods that make much of little."""
_REMOVED = ("batch", "center", "format", "indent", "slice", "tojson", "wordwrap")


class BoundedEnvironment(ImmutableSandboxedEnvironment):
    """Templates of this environment count their steps and the characters they make.

    `begin` before every rendering. A limit that is reached raises `SecurityError`.
    """

    intercepted_binops = frozenset({"+", "*", "**", "%"})

    def __init__(self) -> None:
        super().__init__(
            undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, autoescape=False
        )
        self.begin()
        for name in _REMOVED:
            del self.filters[name]
        for name, original in self.filters.items():
            self.filters[name] = self._charged(original)
        self.filters |= {
            "counted": self.counted,
            "held": self._held,
            "join": self._join,
            "replace": self._replace,
            "concatenated": self._concatenated,
        }
        self.globals.clear()

    def begin(self) -> None:
        """Nothing is spent yet."""
        self.steps = self.characters = 0

    def bounded(self, text: str) -> Any:
        """A template whose loops, literals and `~` are counted."""
        return self.from_string(_Counting().visit(self.parse(text)))

    def step(self) -> None:
        """One turn of a loop, or one call."""
        self.steps += 1
        if self.steps > _MOST_STEPS:
            raise SecurityError(f"it takes more than {_MOST_STEPS} steps")

    def charge(self, value: Any) -> Any:
        """Count a new text or list; returns it. What a list holds was counted before."""
        if isinstance(value, str | bytes):
            self.spend(len(value))
        elif isinstance(value, list | tuple | dict):
            self.spend(len(value) * _AN_ENTRY)
        return value

    def spend(self, characters: int) -> None:
        """Count characters that are about to be made."""
        self.characters += characters
        if self.characters > _MOST_CHARACTERS:
            raise SecurityError(f"it makes more than {_MOST_CHARACTERS} characters of text")

    def counted(self, items: Iterable[Any]) -> Iterator[Any]:
        for item in items:
            self.step()
            yield item

    def concat(self, parts: Iterable[str]) -> str:
        """What a block, a macro or a call writes, as one text."""
        listed = list(parts)
        self.spend(sum(map(len, listed)))
        return "".join(listed)

    def call(self, context: Any, called: Any, *arguments: Any, **named: Any) -> Any:
        self.step()
        owner, name = getattr(called, "__self__", None), getattr(called, "__name__", "")
        if isinstance(owner, str) and name == "join":
            arguments = (self._joinable(owner, *arguments),)
        elif isinstance(owner, str) and name == "replace":
            self._replaceable(owner, *arguments)
        return self.charge(super().call(context, called, *arguments, **named))

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        numbers = isinstance(left, int) and isinstance(right, int)
        if operator == "+":
            self.charge(left)
            self.charge(right)
        elif operator == "**" or not numbers:
            raise SecurityError(f"'{operator}' is for whole numbers, and '**' for none")
        elif operator == "*" and left.bit_length() + right.bit_length() > _MOST_BITS:
            raise SecurityError(f"a product is longer than {_MOST_BITS} bits")
        return super().call_binop(context, operator, left, right)

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        return attr not in _REFUSED and super().is_safe_attribute(obj, attr, value)

    def _charged(self, original: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(original)
        def filtered(*arguments: Any, **named: Any) -> Any:
            return self.charge(original(*arguments, **named))

        return filtered

    @pass_eval_context
    def _join(self, evaluation: Any, value: Any, d: str = "", attribute: Any = None) -> Any:
        return self.charge(do_join(evaluation, self._joinable(d, value), d, attribute))

    @pass_eval_context
    def _replace(self, evaluation: Any, s: Any, old: Any, new: Any, count: Any = None) -> Any:
        self._replaceable(s, old, new)
        return self.charge(do_replace(evaluation, s, old, new, count))

    def _joinable(self, separator: Any, items: Iterable[Any]) -> list[Any]:
        """The items, once it is known that they fit when joined."""
        listed = list(items)
        self._afford(len(str(separator)) * len(listed) + sum(map(_size, listed)))
        return listed

    def _replaceable(self, text: Any, old: Any, new: Any, *_: Any) -> None:
        """Refuse a replacement whose result could be too long."""
        whole = str(text)
        self._afford(len(whole) + whole.count(str(old)) * len(str(new)))

    def _afford(self, characters: int) -> None:
        """Refuse what would be too much, without counting it."""
        before = self.characters
        self.spend(characters)
        self.characters = before

    @pass_eval_context
    def _concatenated(self, evaluation: Any, parts: list[Any]) -> Any:
        self.spend(sum(len(one) if isinstance(one, str) else _size(one) for one in parts))
        return markup_join(parts) if evaluation.autoescape else str_join(parts)

    def _held(self, value: Any) -> Any:
        """Count a literal with all that it holds: lists of lists could be printed without end."""
        self.spend(_size(value))
        return value


def _size(value: Any) -> int:
    """Characters and entries in `value`, counted no further than what is allowed."""
    left, size = [value], 0
    while left and size <= _MOST_CHARACTERS:
        one = left.pop()
        if isinstance(one, str | bytes):
            size += len(one)
        elif isinstance(one, Mapping):
            left += one.values()
        elif isinstance(one, list | tuple):
            left += one
        size += _AN_ENTRY
    return size


class _Counting(NodeTransformer):
    """Puts the environment's filters around whatever loops or holds."""

    def visit_For(self, node: Any) -> Any:  # noqa: N802 - names of nodes
        self.generic_visit(node)
        node.iter = _filtered("counted", node.iter)
        return node

    def visit_Concat(self, node: Any) -> Any:  # noqa: N802
        self.generic_visit(node)
        return _filtered("concatenated", nodes.List(node.nodes, lineno=node.lineno))

    def visit_List(self, node: Any) -> Any:  # noqa: N802
        self.generic_visit(node)
        return _filtered("held", node)

    def visit_Dict(self, node: Any) -> Any:  # noqa: N802
        return self.visit_List(node)

    def visit_Tuple(self, node: Any) -> Any:  # noqa: N802
        return self.visit_List(node) if node.ctx == "load" else node


def _filtered(name: str, node: Any) -> Any:
    return nodes.Filter(node, name, [], [], None, None, lineno=node.lineno)
