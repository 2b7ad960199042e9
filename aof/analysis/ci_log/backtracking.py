"""How many steps a backtracking matcher can take, from the syntax of the expression alone.

Every partial match is a path through the automaton of the expression, and a matcher that fails
has walked them all. Their number is exponential when a state can be left and reached again in two
ways over the same text, and else polynomial: each pair of loops the matcher can be in over the
same text, and pass between anywhere in it, multiplies the paths by the length of that text
(Weber and Seidl, On the degree of ambiguity of finite automata, 1991).
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

from aof.analysis.ci_log.automaton import Automaton, Backtracks, automaton_of

State = tuple[int, ...]


def steps(pattern: str, length: int, flags: int = 0) -> int:
    """The order of steps a search for `pattern` takes at most in a line of `length` characters.

    `length` itself when the expression is linear; up to a constant of the expression.

    Raises:
        Backtracks: They may grow exponentially, or it refers back to a group.
        re.error: It is not a regular expression.
    """
    automaton = automaton_of(pattern, flags)
    loops = _loops(automaton)
    for loop in loops:
        if _is_exponential(automaton, loop):
            raise Backtracks("the ways to match a text double with every repetition")
    return length * _ways(automaton, loops, length)


def _ways(automaton: Automaton, loops: list[frozenset[int]], length: int) -> int:
    """The largest product of lengths along a chain of loops that overlap in pairs."""
    most: list[int] = []  # per loop; those further on in the expression come first
    for number, loop in enumerate(loops):
        reached = _reached(automaton, loop)
        best = 1
        for later in range(number):
            if not loops[later] & reached:
                continue
            best = max(best, most[later])
            shared = min(_bound(automaton, loop), _bound(automaton, loops[later]), length)
            if shared * most[later] > best and _overlap(automaton, loop, loops[later], reached):
                best = shared * most[later]
        most.append(best)
    return max(most, default=1)


def _bound(automaton: Automaton, loop: frozenset[int]) -> int:
    return max(automaton.bounds[state] for state in loop)


def _loops(automaton: Automaton) -> list[frozenset[int]]:
    """Sets of states that can be reached from one another, those without a way on first."""
    reach = [_reached(automaton, {state}) for state in range(len(automaton.sets))]
    found: dict[frozenset[int], None] = {}
    for state, reached in enumerate(reach):
        if state in reached:
            found[frozenset(other for other in reached if state in reach[other])] = None
    return sorted(found, key=lambda loop: len(reach[min(loop)]))


def _reached(automaton: Automaton, begin: set[int] | frozenset[int]) -> frozenset[int]:
    """States that can be read after those of `begin`."""
    seen: set[int] = set()
    todo = list(begin)
    while todo:
        for target, _ in automaton.edges[todo.pop()]:
            if target not in seen:
                seen.add(target)
                todo.append(target)
    return frozenset(seen)


def _is_exponential(automaton: Automaton, loop: frozenset[int]) -> bool:
    """True when two different ways over the same text lead from a state of the loop back to it."""
    if any(_parallel(automaton, state, target) for state, target in product(loop, loop)):
        return True
    before: dict[State, list[State]] = {}  # pairs two walks can be at, and the pairs before them
    todo: list[State] = [(state, state) for state in loop]
    seen = set(todo)
    while todo:
        pair = todo.pop()
        for target in _next(automaton, pair, (loop, loop)):
            before.setdefault(target, []).append(pair)
            if target not in seen:
                seen.add(target)
                todo.append(target)
    together: list[State] = [(state, state) for state in loop]
    return any(pair[0] != pair[1] for state in together for pair in before.get(state, ()))


def _parallel(automaton: Automaton, state: int, target: int) -> bool:
    """True when two edges lead from a state to another over the same character."""
    asked = [cond for to, cond in automaton.edges[state] if to == target]
    reads = automaton.sets[state]
    return any(a & b & reads for i, a in enumerate(asked) for b in asked[:i])


def _overlap(
    automaton: Automaton, one: frozenset[int], two: frozenset[int], reached: frozenset[int]
) -> bool:
    """True when over some text the matcher can stay in loop `one`, go over to `two`, or stay there.

    Then it may go over anywhere in a text that repeats.
    """
    within = (one, (one | reached), two)
    for p, q in product(one, two):
        seen: set[State] = set()
        todo: list[State] = [(p, p, q)]
        while todo:
            for state in _next(automaton, todo.pop(), within):
                if state == (p, q, q):
                    return True
                if state not in seen:
                    seen.add(state)
                    todo.append(state)
    return False


def _next(
    automaton: Automaton, states: State, within: tuple[frozenset[int], ...]
) -> Iterator[State]:
    """Where several walks get by reading the same character."""
    sets = automaton.sets
    read = -1
    for state in states:
        read &= sets[state]
    options = [
        [edge for edge in automaton.edges[state] if edge[0] in allowed]
        for state, allowed in zip(states, within, strict=True)
    ]
    for edges in product(*options):
        common, asked = -1, read
        for target, cond in edges:
            common &= sets[target]
            asked &= cond
        if common and asked:
            yield tuple(target for target, _ in edges)
