"""Logs of any size become a bounded text."""

import io

from hypothesis import given
from hypothesis import strategies as st

from aof.tools.logs import log_of, no_log


def test_a_log_within_the_limit_is_kept_whole() -> None:
    found = log_of(io.BytesIO(b"a\nb\n"), 4096)
    assert found == {
        "available": True,
        "reason": None,
        "log": "a\nb\n",
        "bytes": 4,
        "omitted": None,
    }


def test_one_endless_line_is_cut_by_bytes() -> None:
    found = log_of(io.BytesIO(b"x" * 100_000), 4096)
    assert len(found["log"]) == 4096
    assert found["omitted"]["bytes"] == 100_000 - 4096


@given(st.lists(st.integers(0, 120), min_size=200, max_size=900))
def test_line_numbers_can_be_restored(lengths: list[int]) -> None:
    lines = [f"{number} {'x' * length}\n" for number, length in enumerate(lengths, 1)]
    content = "".join(lines).encode()
    found = log_of(io.BytesIO(content), 4096)
    kept, omitted = found["log"].splitlines(keepends=True), found["omitted"]
    assert len(found["log"]) <= 4096 or omitted is None
    if omitted is not None:
        cut = omitted["after_line"]
        assert kept == lines[:cut] + lines[cut + omitted["lines"] :]
        assert len(found["log"]) + omitted["bytes"] == len(content)


def test_bytes_that_are_no_text_do_not_stop_it() -> None:
    assert log_of(io.BytesIO(b"\xff\xfeok\x00"), 4096)["log"].endswith("ok\x00")


def test_a_missing_log_says_why_and_carries_facts() -> None:
    missing = no_log("expired", job={"id": 1})
    assert (missing["available"], missing["reason"]) == (False, "expired")
    assert missing["job"] == {"id": 1}
