"""Each assertion as a function from outcome to what is wrong; empty text when nothing is."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from aof.manifests.agent_test import Assertion, CalledTool
from aof.manifests.base import duration_s
from aof.scenarios.matching import all_match, as_text, evaluate, same, search
from aof.scenarios.outcome import Called, Outcome
from aof.scenarios.rubric import grade

_EXCERPT = 12


def check(assertion: Assertion, outcome: Outcome) -> str:
    """Why `assertion` does not hold for `outcome`; empty when it does."""
    value = getattr(assertion, "not_" if assertion.kind == "not" else assertion.kind)
    return _CHECKS[assertion.kind](value, outcome)


def _contains(text: str, outcome: Outcome) -> str:
    return "" if text in outcome.report else f"not in the report: {text!r}{_near(text, outcome)}"


def _not_contains(text: str, outcome: Outcome) -> str:
    lines = [line for line in outcome.report.splitlines() if text in line]
    if lines:
        return f"in the report: {text!r}\n" + _quoted(lines[:3])
    return f"in the report: {text!r}" if text in outcome.report else ""


def _icontains(text: str, outcome: Outcome) -> str:
    if text.lower() in outcome.report.lower():
        return ""
    return f"not in the report, in any case: {text!r}{_near(text, outcome)}"


def _matches(pattern: str, outcome: Outcome) -> str:
    if search(pattern, outcome.report):
        return ""
    return f"nothing in the report matches {pattern!r}{_near('', outcome)}"


def _verdict(expected: str, outcome: Outcome) -> str:
    found = outcome.result.verdict.value if outcome.result else "no verdict"
    return _unequal("verdict", expected, found, outcome)


def _decision(expected: str, outcome: Outcome) -> str:
    found = outcome.result.assessment.decision if outcome.result else "no decision"
    return _unequal("decision", expected, found, outcome)


def _exit_code(expected: int, outcome: Outcome) -> str:
    return _unequal("exit code", expected, int(outcome.exit_code), outcome)


def _error_contains(text: str, outcome: Outcome) -> str:
    if outcome.error is None:
        return f"the run did not fail; expected an error with {text!r}"
    return "" if text in str(outcome.error) else f"the error is: {outcome.error}"


def _facts(expected: dict[str, Any], outcome: Outcome) -> str:
    facts = outcome.result.assessment.facts if outcome.result else {}
    for expression, value in expected.items():
        found = evaluate(expression, facts)
        if not same(value, found):
            return f"facts: {expression} is {json.dumps(found)}, expected {json.dumps(value)}"
    return ""


def _json_schema(schema: dict[str, Any], outcome: Outcome) -> str:
    import jsonschema

    try:
        jsonschema.validate(dict(outcome.document), schema)
    except jsonschema.ValidationError as error:
        return f"the result does not follow the schema: {error.json_path}: {error.message}"
    except jsonschema.SchemaError as error:
        return f"the schema itself is wrong: {error.message}"
    return ""


def _tool_called(expected: CalledTool, outcome: Outcome) -> str:
    count = sum(_fits(expected, call) for call in outcome.calls)
    if expected.times is not None:
        if count == expected.times:
            return ""
        return f"{_shown(expected)} was called {count} times, not {expected.times}{_made(outcome)}"
    if count >= expected.at_least:
        return ""
    return f"{_shown(expected)} was called {count} times{_made(outcome)}"


def _tool_not_called(expected: CalledTool, outcome: Outcome) -> str:
    calls = [call for call in outcome.calls if _fits(expected, call)]
    return f"{_shown(expected)} was called:\n{_quoted(map(_call, calls))}" if calls else ""


def _call_order(expected: tuple[CalledTool, ...], outcome: Outcome) -> str:
    remaining = iter(outcome.calls)
    for wanted in expected:
        if not any(_fits(wanted, call) for call in remaining):
            return f"{_shown(wanted)} does not come in this order{_made(outcome)}"
    return ""


def _plan_contains(text: str, outcome: Outcome) -> str:
    plan = outcome.result.plan if outcome.result else None
    commands = [action.command for action in plan.actions] if plan else []
    if any(text in command for command in commands):
        return ""
    return f"no planned command contains {text!r}; planned:\n{_quoted(commands or ['nothing'])}"


def _plan_empty(expected: bool, outcome: Outcome) -> str:
    plan = outcome.result.plan if outcome.result else None
    if (plan is None) == expected:
        return ""
    if plan is None:
        return "the plan is empty"
    return "the plan is not empty:\n" + _quoted(action.command for action in plan.actions)


def _proposes(text: str, outcome: Outcome) -> str:
    actions = outcome.result.assessment.actions if outcome.result else ()
    commands = [action.command for action in actions]
    if any(text in command for command in commands):
        return ""
    return f"no proposed command contains {text!r}; proposed:\n{_quoted(commands or ['nothing'])}"


def _approval_required(expected: bool, outcome: Outcome) -> str:
    waits = any(action["status"] == "pending" for action in outcome.document.get("actions", ()))
    return _unequal("approval required", expected, waits, outcome)


def _memory_contains(text: str, outcome: Outcome) -> str:
    if any(text in as_text(entry) for entry in outcome.memory):
        return ""
    return f"no memory entry contains {text!r}"


def _steps(expected: tuple[str, ...], outcome: Outcome) -> str:
    if tuple(outcome.steps) == expected:
        return ""
    return "the steps were:\n" + _quoted(outcome.steps or ["none"])


def _max_tokens(most: int, outcome: Outcome) -> str:
    usage = outcome.result.usage if outcome.result else None
    used = usage.input_tokens + usage.output_tokens if usage else 0
    return f"{used} tokens were used, more than {most}" if used > most else ""


def _max_cost(most: float, outcome: Outcome) -> str:
    cost = (outcome.result.usage.cost_usd or 0.0) if outcome.result else 0.0
    return f"it cost {cost:.4f} USD, more than {most}" if cost > most else ""


def _max_duration(most: str, outcome: Outcome) -> str:
    took = outcome.result.duration_s if outcome.result else 0.0
    return f"it took {took:.3f} s, more than {most}" if took > duration_s(most) else ""


def _rubric(text: str, outcome: Outcome) -> str:
    if not outcome.models:
        return f"a rubric needs a model to grade it: run with --live ({text[:60]!r})"
    return grade(outcome.models[0], text, outcome.report)


def _not(inner: Assertion, outcome: Outcome) -> str:
    return "" if check(inner, outcome) else f"holds, but must not: {shown(inner)}"


def _any_of(options: tuple[Assertion, ...], outcome: Outcome) -> str:
    reasons = [check(option, outcome) for option in options]
    return "" if "" in reasons else "none of these holds:\n" + _quoted(reasons)


def _all_of(parts: tuple[Assertion, ...], outcome: Outcome) -> str:
    reasons = [reason for part in parts if (reason := check(part, outcome))]
    return "\n".join(reasons)


_CHECKS: dict[str, Callable[[Any, Outcome], str]] = {
    "contains": _contains,
    "not_contains": _not_contains,
    "icontains": _icontains,
    "matches": _matches,
    "verdict": _verdict,
    "decision": _decision,
    "exit_code": _exit_code,
    "error_contains": _error_contains,
    "facts": _facts,
    "json_schema": _json_schema,
    "tool_called": _tool_called,
    "tool_not_called": _tool_not_called,
    "call_order": _call_order,
    "plan_contains": _plan_contains,
    "plan_empty": _plan_empty,
    "proposes": _proposes,
    "approval_required": _approval_required,
    "memory_contains": _memory_contains,
    "steps": _steps,
    "max_tokens": _max_tokens,
    "max_cost": _max_cost,
    "max_duration": _max_duration,
    "rubric": _rubric,
    "not": _not,
    "any_of": _any_of,
    "all_of": _all_of,
}


def shown(assertion: Assertion) -> str:
    """An assertion as one line."""
    value = assertion.model_dump(mode="json", by_alias=True, exclude_unset=True)
    return json.dumps(value, ensure_ascii=False)


def _fits(expected: CalledTool, call: Called) -> bool:
    return (
        call.tool == expected.tool
        and (not expected.operation or call.operation == expected.operation)
        and all_match(expected.arguments, call.arguments)
    )


def _shown(expected: CalledTool) -> str:
    return ".".join(filter(None, [expected.tool, expected.operation]))


def _call(call: Called) -> str:
    return f"{call.tool}.{call.operation} {json.dumps(dict(call.arguments), default=str)[:160]}"


def _made(outcome: Outcome) -> str:
    return "; calls were:\n" + _quoted(map(_call, outcome.calls))


def _unequal(what: str, expected: Any, found: Any, outcome: Outcome) -> str:
    if same(expected, found):
        return ""
    return f"{what} is {found!r}, expected {expected!r}{_near('', outcome)}"


def _near(text: str, outcome: Outcome) -> str:
    """The part of the report that matters: lines with a word of `text`, else the decision."""
    lines = outcome.report.splitlines()
    words = [word for word in text.lower().split() if len(word) > 3]
    hits = [line for line in lines if any(word in line.lower() for word in words)]
    if not hits:
        at = next((i for i, line in enumerate(lines) if line.startswith("## Decision")), 0)
        hits = [line for line in lines[at:] if line]
    return "\n" + _quoted(hits[:_EXCERPT]) if hits else ""


def _quoted(lines: Any) -> str:
    return "\n".join(f"  | {line}" for text in lines for line in str(text).splitlines())
