"""Text that would use up the stack of a parser in C is refused before it gets there."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aof.errors import UsageFault
from aof.manifests.yaml_documents import parse_documents
from aof.nesting import DEEPEST, nests_too_deeply
from aof.transport.kubernetes_documents import parse_values

LEVELS = 100_000
DEEP = {
    "lists": "a: " + "[" * LEVELS,
    "spread": "a: " + "[\n" * LEVELS,
    "mappings": "a: " + "{b: " * LEVELS,
    "dashes": "- " * LEVELS + "a",
    "questions": "? " * LEVELS + "a",
    "closed in texts": "a: " + '["]", ' * LEVELS,
    "indented": "\n".join(f"{' ' * level}a:" for level in range(2_000)),
}


@pytest.mark.parametrize("text", DEEP.values(), ids=DEEP)
def test_deep_texts_are_refused_and_end_no_process(text: str) -> None:
    assert nests_too_deeply(text)
    documents, problems = parse_documents(text, "x.yaml")
    assert (documents, [one.why for one in problems]) == ([], ["nested too deeply"])
    with pytest.raises(UsageFault, match="nested too deeply"):
        parse_values(text.encode(), name="x.yaml")


@given(st.integers(0, 20), st.integers(0, 600))
def test_many_shallow_collections_are_no_depth(depth: int, width: int) -> None:
    text = "[" + ", ".join(["[" * depth + "1" + "]" * depth] * width) + "]"
    assert not nests_too_deeply(text)


def test_the_depth_counts_and_not_the_number() -> None:
    assert not nests_too_deeply("[" * DEEPEST + "1" + "]" * DEEPEST)
    assert nests_too_deeply("[" * (DEEPEST + 1) + "1" + "]" * (DEEPEST + 1))
    assert not nests_too_deeply("a: " + "-" * 2000)
    assert not nests_too_deeply('a: "no YAML' + "[" * 2000)
