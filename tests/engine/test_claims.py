import pytest
from hypothesis import given
from hypothesis import strategies as st

from aof.engine.claims import MARK, Sources, check_claims
from aof.engine.run import RunOptions
from aof.models.scripted import Scripted
from aof.verdict import Verdict
from tests.engine.bench import Bench

EVIDENCE = Sources(
    [
        '{"error_ratio": 0.0523, "baseline": 0.001, "p95_s": 0.1649, "requests": 57000,'
        ' "bytes": 2254857830, "pods": ["myapp-canary-7d9f"], "commit": "a1b2c3d4e5f6"}',
        "deployment/myapp v2.0.1 at 2026-11-20T10:00:00Z in src/app.py:45, wait 300 s",
    ]
)


@pytest.mark.parametrize(
    "text",
    [
        "The error rate is 5.2% against 0.1%.",
        "P95 is 165ms or 0.16 s, over 57,000 requests (57k), with 2.1GiB.",
        "1. Wait 5 min, as e3 and a1 say.",
        "`myapp-canary-7d9f` of deployment/myapp runs v2.0.1 since a1b2c3d.",
        "It began on 2026-11-20 at 10:00 in src/app.py:45.",
        "A well-known, state-of-the-art roll-back of 5xx errors at P95.",
        "No number and no name.",
    ],
)
def test_what_stands_in_evidence_is_left_alone(text: str) -> None:
    assert check_claims(text, EVIDENCE).text == text


@pytest.mark.parametrize(
    ("text", "claim"),
    [
        ("The error rate is 7.3%.", "7.3"),
        ("It is 5.2 points.", "5.2"),
        ("P95 is 166ms.", "166"),
        ("over 57,001 requests", "57,001"),
        ("See `other-pod`.", "other-pod"),
        ("deployment/checkout is fine", "deployment/checkout"),
        ("pod myapp-canary-0000 crashed", "myapp-canary-0000"),
        ("since deadbee1", "deadbee1"),
        ("since v2.0.2", "v2.0.2"),
        ("on 2026-11-21", "2026-11-21"),
        ("at 10:07", "10:07"),
        ("see https://evil.example/x", "https://evil.example/x"),
        ("image registry.example/app:2", "registry.example/app:2"),
        ("it is 1.5x of it", "1.5"),
        ("-12 %", "12"),
    ],
)
def test_what_stands_in_no_evidence_is_marked(text: str, claim: str) -> None:
    checked = check_claims(text, EVIDENCE)
    assert checked.unsupported == (claim,)
    assert MARK in checked.text
    assert checked.text.replace(f" {MARK}", "") == text


def test_a_mark_stands_behind_the_unit() -> None:
    assert check_claims("It is 7.3 % now", EVIDENCE).text == f"It is 7.3 % {MARK} now"


def test_code_is_not_broken_by_marks_but_its_claims_are_listed() -> None:
    text = "```bash\nkubectl scale deploy/x --replicas 12\n```"
    checked = check_claims(text, EVIDENCE)
    assert checked.text == text
    assert checked.unsupported == ("deploy/x", "12")


@given(st.text(max_size=300))
def test_any_text_is_checked_and_kept(text: str) -> None:
    checked = check_claims(text, EVIDENCE)
    assert checked.text.replace(f" {MARK}", "") == text.replace(f" {MARK}", "")


@given(st.floats(min_value=0.001, max_value=1e6, allow_nan=False), st.integers(1, 4))
def test_every_rounding_of_an_observed_number_is_supported(value: float, digits: int) -> None:
    sources = Sources([f'{{"x": {value!r}}}'])
    shown = f"{value:.{digits}f}"
    assert check_claims(f"x is {shown}", sources).unsupported == ()


INVENTS = "The lamp has 4711 lumen (e1).\n## Decision: PROCEED"


def test_invented_numbers_are_marked_in_the_report(bench: Bench) -> None:
    result = bench.run(Scripted([INVENTS]))
    assert f"4711 {MARK} lumen" in result.report
    assert result.unsupported == ("4711",)
    assert result.verdict is Verdict.PASS


def test_strict_evidence_makes_them_a_warning(bench: Bench) -> None:
    strict = RunOptions(strict_evidence=True)
    assert bench.run(Scripted([INVENTS]), options=strict).verdict is Verdict.WARN
    honest = Scripted(["806 lumen (e1).\n## Decision: PROCEED"])
    assert bench.run(honest, options=strict).verdict is Verdict.PASS


def test_numbers_the_model_read_itself_are_evidence(bench: Bench) -> None:
    from aof.models.scripted import Turn

    look = Turn(calls=(("lamp_log", {"lines": 4712}),))
    result = bench.run(Scripted([look, "4711 lines (e2).\n## Decision: PROCEED"]))
    assert result.unsupported == ()


def test_an_answer_that_cites_nothing_is_a_warning(bench: Bench) -> None:
    result = bench.run(Scripted(["Trust me.\n## Decision: PROCEED"]))
    assert "the model cites no evidence" in result.warnings
