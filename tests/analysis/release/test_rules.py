"""`RULES.md` names tests that exist."""

import re
from pathlib import Path

PAGE = Path(__file__).with_name("RULES.md")


def test_every_test_that_is_said_to_prove_a_rule_exists() -> None:
    files = PAGE.parents[2].rglob("test_*.py")
    source = "\n".join(file.read_text(encoding="utf-8") for file in files)
    defined = set(re.findall(r"^def (test_\w+)", source, re.MULTILINE))
    named = set(re.findall(r"`(test_\w+)`", PAGE.read_text(encoding="utf-8")))
    assert named - defined == set()
