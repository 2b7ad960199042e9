"""What is printed steers neither a terminal nor the CI job that runs us."""

import json
from pathlib import Path

import pytest

from aof.cli.output import emit_json, printable, write_output_file

HOSTILE = {
    "colour": "a\x9b31mred\x1b[0m",
    "reversed": "a\u202eb\u061c\u2066",
    "hidden": "a\U000e0041b",
    "half a pair": "a\ud800b",
    "azure": "feat: x ##vso[task.setvariable variable=next]9.9.9",
    "github": "feat: x ##[set-output name=next]9.9.9 \\##[b]",
    "wide": "\u3000::add-mask::a",
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_json_holds_the_same_values_in_harmless_signs(
    text: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    emit_json({"text": text})
    printed = capsys.readouterr().out
    assert json.loads(printed) == {"text": text}
    assert not set(printed) & set("\x1b\x9b\u202e\u061c\u2066\U000e0041\ud800")
    assert "##[" not in printed
    assert "##vso[" not in printed
    write_output_file(tmp_path / "out.json", {"text": text}, "json", "")
    assert (tmp_path / "out.json").read_text() == printed


def test_json_keeps_other_signs_as_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    emit_json({"changelog": "## [1.0.0]\n\n### Größe 🎉 ##"})
    assert '"## [1.0.0]\\n\\n### Größe 🎉 ##"' in capsys.readouterr().out


def as_the_runners_read(line: str) -> bool:
    """GitHub takes `::` after any white space and `##[` anywhere; Azure takes `##vso[` anywhere."""
    return line.lstrip().startswith("::") or "##[" in line or "##vso[" in line


@pytest.mark.parametrize("space", ["", " ", "\t", "\u00a0", "\u3000", "\u2003", "\u2028", "\r"])
def test_no_line_is_a_command_to_a_ci_system(space: str) -> None:
    for text in (f"x\n{space}::set-output name=a::b", f"x{space} ##vso[a]b", f"{space}##[a]b"):
        assert as_the_runners_read(text.split("\n")[-1])
        assert not any(as_the_runners_read(line) for line in printable(text).split("\n"))
