"""The shipped hostile suite repels everything, and notices when something gets through."""

import pytest

from aof.attack.payloads import PAYLOADS, Payload
from aof.attack.stage import Stage
from aof.attack.suite import run_attacks
from aof.templates.markdown import code, inert, neutral, one_line, plain, without_commands


def test_every_attack_is_repelled() -> None:
    results = list(run_attacks())
    assert len(results) >= 20
    assert [(one.name, one.achieved) for one in results if not one.repelled] == []


def test_every_source_of_hostile_text_is_covered() -> None:
    wanted = {
        "log line",
        "commit message",
        "annotation",
        "manifest",
        "metric label",
        "webhook body",
    }
    assert {payload.source for payload in PAYLOADS} == wanted


def test_the_suite_sees_what_gets_through(monkeypatch: pytest.MonkeyPatch) -> None:
    open_door = Payload("x", "log line", "harmless words", banned=("harmless",))
    assert not next(run_attacks([open_door])).repelled
    monkeypatch.setattr(Stage, "changed", property(lambda _: ["argocd.app_sync"]))
    assert not next(run_attacks(PAYLOADS[:1])).repelled


@pytest.mark.parametrize("text", [payload.text for payload in PAYLOADS])
def test_placed_values_stay_on_their_line(text: str) -> None:
    for placed in (plain(text), code(text), one_line(text)):
        assert "\n" not in placed
        assert "\x1b" not in placed
    assert not plain(text).startswith(("#", "`", "|"))


def test_ci_commands_lose_their_effect_and_stay_readable() -> None:
    assert without_commands("::set-output name=x::y") == "\u200b::set-output name=x::y"
    assert without_commands("a::b and C++ std::vector") == "a::b and C++ std::vector"


def test_code_keeps_its_angle_brackets() -> None:
    text = "use `List<String>` or\n```\n<html>\n```\nand <b>"
    assert neutral(text) == "use `List<String>` or\n```\n<html>\n```\nand \\<b>"


def test_only_lines_after_the_first_are_made_inert() -> None:
    assert inert("# a\n# b\ntext\n- c") == "# a\n\\# b\ntext\n\\- c"
