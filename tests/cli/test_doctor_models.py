from pathlib import Path

from tests.cli.aofctl import aofctl

GUARDIAN = "library/cicd/deployment-guardian"


def test_doctor_says_which_key_a_provider_lacks(tmp_path: Path) -> None:
    said = aofctl("doctor", "-o", "json", cwd=tmp_path, OPENAI_API_KEY="not-a-real-key").json()
    assert said["models"]["openai"] == ""
    assert said["models"]["anthropic"] == "ANTHROPIC_API_KEY"


def test_doctor_and_describe_agree_that_nobody_named_prometheus(tmp_path: Path) -> None:
    doctor = aofctl("doctor", "-o", "json", cwd=tmp_path).json()
    (row,) = [one for one in doctor["tools"] if one["tool"] == "prometheus_query"]
    assert row["state"] == "not configured"
    tools = aofctl("describe", "agent", GUARDIAN, "-o", "json", cwd=tmp_path).json()["tools"]
    assert tools["prometheus_query"]["state"] == (
        "not configured: PROMETHEUS_URL is not set, "
        "the manifest's default is http://prometheus:9090"
    )
    named = aofctl(
        *("describe", "agent", GUARDIAN, "-o", "json"),
        cwd=tmp_path,
        PROMETHEUS_URL="http://prometheus.example:9090",
    ).json()["tools"]
    assert named["prometheus_query"]["state"] == "ready"


def test_describe_lists_what_an_agent_may_do_by_effect(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(
        "apiVersion: aof.dev/v1alpha1\nkind: Agent\nmetadata: {name: a}\n"
        "spec: {tools: [git, {name: argocd, operations: [app_get, app_sync]}]}\n"
    )
    tools = aofctl("describe", "agent", "a", "-o", "json", cwd=tmp_path).json()["tools"]
    assert "push" in tools["git"]["write"]
    assert (tools["argocd"]["read"], tools["argocd"]["write"]) == (["app_get"], ["app_sync"])
