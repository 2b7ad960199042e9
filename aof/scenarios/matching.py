"""Whether a value looks as a test says. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import jmespath
from jmespath.exceptions import JMESPathError, JMESPathTypeError

from aof.errors import UsageFault
from aof.manifests.agent_test import Matcher


def matches(matcher: Matcher, value: Any) -> bool:
    """Whether `value` fits `matcher`."""
    if matcher.contains is not None:
        return matcher.contains in as_text(value)
    if matcher.pattern is not None:
        return search(matcher.pattern, as_text(value))
    if matcher.subset is not None:
        return is_subset(matcher.subset, value)
    if matcher.jmespath is not None:
        return bool(evaluate(matcher.jmespath, value))
    return same(matcher.equals, value)


def all_match(matchers: Mapping[str, Matcher], arguments: Mapping[str, Any]) -> bool:
    """Whether every named argument is there and fits."""
    return all(
        name in arguments and matches(matcher, arguments[name])
        for name, matcher in matchers.items()
    )


def same(expected: Any, value: Any) -> bool:
    """Equality, but 1 and 1.0 are the same and True is not 1."""
    if isinstance(expected, bool) or isinstance(value, bool):
        return expected is value
    if isinstance(expected, Mapping) and isinstance(value, Mapping):
        return expected.keys() == value.keys() and all(same(expected[k], value[k]) for k in value)
    if isinstance(expected, list | tuple) and isinstance(value, list | tuple):
        return len(expected) == len(value) and all(map(same, expected, value))
    return bool(expected == value)


def is_subset(expected: Any, value: Any) -> bool:
    """Whether `value` has at least what `expected` has, at every depth."""
    if isinstance(expected, Mapping):
        return isinstance(value, Mapping) and all(
            key in value and is_subset(item, value[key]) for key, item in expected.items()
        )
    return same(expected, value)


def evaluate(expression: str, value: Any) -> Any:
    """The value of a jmespath expression; `UsageFault` when it cannot be read.

    A function given a value of the wrong type, as `contains` is when the value is missing,
    says something about the value: the result is None.
    """
    try:
        return jmespath.search(expression, value)
    except JMESPathTypeError:
        return None
    except JMESPathError as error:
        raise UsageFault(f"'{expression}' is not a jmespath expression", why=str(error)) from None


def search(pattern: str, text: str) -> bool:
    """Whether a regular expression is found; `UsageFault` when it cannot be compiled."""
    try:
        return re.search(pattern, text, re.MULTILINE) is not None
    except re.error as error:
        raise UsageFault(f"'{pattern}' is not a regular expression", why=str(error)) from None


def as_text(value: Any) -> str:
    """Text as it is, anything else as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
