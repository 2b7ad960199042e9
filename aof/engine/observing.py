"""Looking at the world before and after an action: assumptions and checks. Reads only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from aof.clock import Clock
from aof.engine.calls import RecordedCalls
from aof.errors import Unreachable
from aof.plans import Action, Assumption, Check, digest

_FIRST_PAUSE_S = 0.5
_LONGEST_PAUSE_S = 5.0


@dataclass(frozen=True, slots=True)
class Seen:
    """What the checks of an action say. `holds` is None when it has no checks."""

    holds: bool | None
    why: str = ""
    result: Any = None


@dataclass(frozen=True, slots=True)
class Observer:
    """Reads through the recorded door."""

    calls: RecordedCalls
    clock: Clock

    def broken_assumption(self, action: Action) -> str:
        """What no longer is as the plan saw it; empty when all is.

        Raises:
            Unreachable: It cannot be read.
        """
        for assumption in action.assumes:
            if self._digest(assumption) != assumption.digest:
                return assumption.describes
        return ""

    def _digest(self, assumption: Assumption) -> str:
        data = self.calls.invoke(
            assumption.tool, assumption.operation, assumption.arguments
        ).require()
        return digest(_selected(assumption.path, data))

    def look(self, action: Action) -> Seen:
        """The checks, once.

        Raises:
            Unreachable: One of them cannot be read.
        """
        if not action.verify:
            return Seen(None)
        result: Any = None
        for check in action.verify:
            held, data = self._check(check)
            if not held:
                return Seen(False, check.describes)
            if check.result:
                result = _selected(check.result, data)
        return Seen(True, result=result)

    def look_until(self, action: Action, timeout_s: float) -> Seen:
        """The checks, until they hold or the time is up; a failed read counts as not yet."""
        ends_at = self.clock.monotonic() + timeout_s
        pause = _FIRST_PAUSE_S
        while True:
            try:
                seen = self.look(action)
            except Unreachable as error:
                seen = Seen(False, str(error.what))
            left = ends_at - self.clock.monotonic()
            if seen.holds is not False or left <= 0:
                return seen
            self.clock.sleep(min(pause, left))
            pause = min(pause * 2, _LONGEST_PAUSE_S)

    def _check(self, check: Check) -> tuple[bool, Any]:
        data = self.calls.invoke(check.tool, check.operation, check.arguments).require()
        return _selected(check.condition, data) is True, data


def _selected(path: str, data: Any) -> Any:
    import jmespath
    from jmespath.exceptions import JMESPathError

    try:
        return jmespath.search(path, data)
    except JMESPathError as error:
        raise Unreachable(f"'{path}' cannot be evaluated", why=str(error)) from None


def resolved(value: Any, results: dict[str, Any]) -> Any:
    """`value` with every `{"$result": "a1.sha"}` replaced.

    Raises:
        Unreachable: The result it refers to is not known.
    """
    if isinstance(value, dict):
        source = value.get("$result")
        if isinstance(source, str) and len(value) == 1:
            name, _, path = source.partition(".")
            found = _selected(path or "@", results.get(name))
            if found is None:
                raise Unreachable(f"the result {source} is not known")
            if "[SECRET:" in str(found):
                raise Unreachable(f"the result {source} holds a secret and was not kept")
            return found
        return {key: resolved(item, results) for key, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return [resolved(item, results) for item in value]
    return value
