from aof.engine.wording import signed, tidied
from aof.messages import Usage


def test_headings_become_bold_lines() -> None:
    assert tidied("## Analysis\nx\n# Y #") == "**Analysis**\n\nx\n**Y**"


def test_images_and_html_cannot_reach_a_page() -> None:
    text = tidied('![a](https://evil.example/?q=1) <img src="https://evil.example">')
    assert "](" not in text
    assert "<img" not in text


def test_code_stays_as_it_is_and_is_closed() -> None:
    assert tidied("```yaml\n# not a heading\n<b>") == "```yaml\n# not a heading\n<b>\n```"


def test_a_structured_answer_is_shown_as_json() -> None:
    assert tidied("whatever", {"a": 1}) == '```json\n{\n  "a": 1\n}\n```'


def test_the_signature_names_model_price_and_unsupported_claims() -> None:
    text = signed("x", "m", ["7", "y"], Usage(1000, 234, 0.0123))
    assert text == "x\n\n_Written by m: 1,234 tokens, $0.0123. In no evidence: `7`, `y`._"
    assert "$" not in signed("x", "m", [], Usage(1, 1))
    assert signed("", "m", [], Usage()) == ""
