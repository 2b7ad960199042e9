from pathlib import Path

from tests.cli.aofctl import aofctl


def test_doctor_says_which_key_a_provider_lacks(tmp_path: Path) -> None:
    said = aofctl("doctor", "-o", "json", cwd=tmp_path, OPENAI_API_KEY="not-a-real-key").json()
    assert said["models"]["openai"] == ""
    assert said["models"]["anthropic"] == "ANTHROPIC_API_KEY"
