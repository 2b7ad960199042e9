"""No expression of ours or a user's can take long: how fast its search grows is computed."""

import re
from collections.abc import Callable, Iterator
from importlib import import_module
from pkgutil import walk_packages

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aof.analysis import ci_log
from aof.analysis.ci_log import endings
from aof.analysis.ci_log.automaton import Backtracks
from aof.analysis.ci_log.backtracking import steps
from aof.analysis.ci_log.decode import MAX_LINE
from aof.analysis.ci_log.rules import shipped

MOST_PER_CHARACTER = 1000  # what bounded repetitions may multiply the length of a line by
LENGTHS = {"aof.analysis.ci_log.signature": 600}  # characters a module gives its expressions
FIELDS = ("pattern", "unless", "key", "stop", "where", "needs", "unless_next")


def within(value: object) -> Iterator[re.Pattern[str] | re.Pattern[bytes]]:
    if isinstance(value, re.Pattern):
        yield value
    elif isinstance(value, dict | list | tuple):
        for one in value.values() if isinstance(value, dict) else value:
            yield from within(one)


def shipped_expressions() -> Iterator[tuple[str, str, int, int]]:
    """Where it stands, the expression, its flags, and the characters it is given at most."""
    for rule in shipped().rules:
        for field in FIELDS:
            yield f"{rule.id}.{field}", getattr(rule, field), 0, MAX_LINE
    for form in endings._FORMS:
        yield "endings", form.pattern.decode("latin1"), 0, MAX_LINE
    for info in walk_packages(ci_log.__path__, f"{ci_log.__name__}."):
        for name, value in vars(import_module(info.name)).items():
            for one in within(value):
                text = one.pattern if isinstance(one.pattern, str) else one.pattern.decode("latin1")
                flags = one.flags & (re.IGNORECASE | re.MULTILINE)
                yield f"{info.name}.{name}", text, flags, LENGTHS.get(info.name, MAX_LINE)


def test_every_shipped_expression_is_linear() -> None:
    slow = []
    for where, expression, flags, length in shipped_expressions():
        try:
            most = steps(expression, length, flags)
        except Backtracks as error:
            slow.append((where, expression, str(error)))
            continue
        if most > MOST_PER_CHARACTER * MAX_LINE:
            slow.append((where, expression, f"{most:,} steps"))
    assert slow == []


@pytest.mark.parametrize(
    "expression",
    [
        r"^(a+)+$", r"(a|a)*$", r"(.*)*x", r"(\w+\s?)*$", r"(x+x+)+y", r"(a|ab|b)*c",
        r"^(([a-z])+.)+[A-Z]([a-z])+$", r"^(?:\w+\.?)*$", r"(?:a*)*b", r"(?=(a+)+$)b",
        r"(?:a{1,300}){1,300}b", r"(?:.*,){12}x", r"^(\s*\w+\s*=\s*\w+\s*,?)*$", r"(?:a|a?)+b",
        r"(?<!x)(?:[ab]x|[bc]x)+d", r"((?:é|[^a])+)+z",
    ],
)  # fmt: skip
def test_exponential_expressions_are_told(expression: str) -> None:
    with pytest.raises(Backtracks, match="double"):
        steps(expression, 100)


@pytest.mark.parametrize(
    ("expression", "power"),
    [
        (r"^abc$", 1), (r"error (.*)$", 1), (r"^[^:]+:(\d+): .*$", 1), (r"^(.*) (.*)$", 1),
        (r"^(.*):(\d+):(\d+): (error|warning): (.*)$", 1), (r"^(?:\w+\.)*\w+$", 1),
        (r"(?<![\w/])[\w/]+:\d+", 1), (r"^\s*$", 1), (r"(?i)(?:A|a)b", 1), (r"x(?:a*)", 1),
        (r"[^y]*y", 2), (r"^(.*)x[^y]*y", 2), (r"a*+b", 2), (r"^(.*)(?=.*x)y", 2),
        (r"\s*,?\s*$", 3), (r"^(.*)x(.*)y(.*)z$", 3), (r"\d+\d+x", 3), (r".*.*.*=.*", 4),
    ],
)  # fmt: skip
def test_the_power_of_the_length_is_told(expression: str, power: int) -> None:
    assert steps(expression, 100) == 100**power


def test_bounded_repetitions_multiply_by_their_bound() -> None:
    assert steps(r"[a-z]{1,30}:", 4000) == 30 * 4000


def test_references_to_groups_are_refused() -> None:
    with pytest.raises(Backtracks, match="refers back"):
        steps(r"^(a)\1$", 100)


Matcher = Callable[[str, int, Callable[[int], bool]], bool]


class Expression:
    """A small expression as text, and as a backtracking matcher that counts what it tries."""

    def __init__(self, text: str, matcher: Matcher) -> None:
        self.text = text
        self.matcher = matcher


def letter(character: str) -> Expression:
    def match(text: str, at: int, then: Callable[[int], bool]) -> bool:
        return at < len(text) and text[at] == character and then(at + 1)

    return Expression(character, match)


def both(one: Expression, two: Expression) -> Expression:
    def match(text: str, at: int, then: Callable[[int], bool]) -> bool:
        return one.matcher(text, at, lambda end: two.matcher(text, end, then))

    return Expression(one.text + two.text, match)


def either(one: Expression, two: Expression) -> Expression:
    def match(text: str, at: int, then: Callable[[int], bool]) -> bool:
        return one.matcher(text, at, then) or two.matcher(text, at, then)

    # As groups of their own: Python makes one set of `a|[ab]`, and tries less than is tried here.
    return Expression(f"(?:({one.text})|({two.text}))", match)


def star(one: Expression) -> Expression:
    def match(text: str, at: int, then: Callable[[int], bool]) -> bool:
        def again(end: int) -> bool:
            return end > at and match(text, end, then)

        return one.matcher(text, at, again) or then(at)

    return Expression(f"(?:{one.text})*", match)


EXPRESSIONS = st.recursive(
    st.sampled_from("ab").map(letter),
    lambda inner: (
        st.builds(both, inner, inner) | st.builds(either, inner, inner) | st.builds(star, inner)
    ),
    max_leaves=5,
)


def tried(expression: Expression, text: str) -> int:
    """How many ways a backtracking matcher tries that has to fail in the end."""
    count = 0

    def fail(_: int) -> bool:
        nonlocal count
        count += 1
        if count > 20_000:
            raise OverflowError
        return False

    expression.matcher(text, 0, fail)
    return count


@settings(max_examples=150, deadline=None)
@given(EXPRESSIONS)
def test_a_matcher_never_tries_more_ways_than_computed(expression: Expression) -> None:
    """Doubling a text that repeats doubles, at most, what a linear expression tries, and so on."""
    try:
        power = {50**n: n for n in range(1, 7)}[steps(f"^{expression.text}c", 50)]
    except Backtracks:
        return
    for unit in ("a", "b", "ab", "aab", "abb"):
        short, long = (tried(expression, (unit * 12)[:length]) for length in (6, 12))
        assert long <= 2**power * (short + 4)
