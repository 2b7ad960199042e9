"""`aofctl analyze release`, as scripts use it."""

import json
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner, Result

from aof.cli.analyze_release import release
from aof.errors import UsageFault
from tests.cli.aofctl import aofctl
from tests.git_sandbox import GitSandbox


@pytest.fixture
def repo(tmp_path: Path) -> GitSandbox:
    repo = GitSandbox(tmp_path)
    repo.commit("feat: first")
    repo.tag("v1.0.0")
    repo.commit("feat(ui): add toggle (#3)")
    repo.commit("fix: leak\n\nBREAKING CHANGES: perhaps")
    return repo


def run(repo: GitSandbox, *arguments: str) -> Result:
    command = ["--repo", str(repo.directory), *arguments]
    return CliRunner().invoke(release, command, catch_exceptions=False)


def test_quiet_prints_the_next_version_in_one_line(repo: GitSandbox) -> None:
    result = run(repo, "-o", "text", "--quiet")
    assert result.stdout == "v1.1.0\n"
    assert "does not count as breaking" in result.stderr


def test_quiet_prints_nothing_when_nothing_is_to_be_released(repo: GitSandbox) -> None:
    repo.tag("v1.1.0")
    result = run(repo, "--quiet")
    assert (result.stdout, result.exit_code) == ("", 0)


@pytest.mark.parametrize("output", ["json", "yaml"])
def test_a_full_changelog_is_one_document(repo: GitSandbox, output: str) -> None:
    found = yaml.safe_load(run(repo, "--full", "-o", output).stdout)
    assert found["changelog"].startswith("# Changelog")


def test_a_shallow_clone_is_completed_or_refused_with_the_command(
    repo: GitSandbox, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("ci")
    clone = repo.clone(folder / "clone", "--depth=1", "--no-tags")
    refused = aofctl("analyze", "release", "--quiet", "--no-fetch", cwd=clone.directory)
    assert (refused.code, refused.out) == (5, "")
    assert "git fetch --unshallow --tags" in refused.err
    assert aofctl("analyze", "release", "--quiet", cwd=clone.directory).out == "v1.1.0\n"
    cut = repo.clone(folder / "cut", "--depth=1", "--no-tags")
    cut.git("remote", "set-url", "origin", str(folder / "gone"))
    refused = aofctl("analyze", "release", "-o", "json", cwd=cut.directory)
    assert "git fetch --unshallow --tags" in json.loads(refused.out)["error"]["fix"]


def test_json_has_the_public_keys(repo: GitSandbox) -> None:
    found = json.loads(run(repo, "-o", "json").stdout)
    assert (found["current"], found["next"], found["level"]) == ("v1.0.0", "v1.1.0", "minor")
    assert (found["commits"], len(found["changes"])) == (2, 2)
    assert found["diagnostics"][0]["code"] == "breaking-not-counted"
    assert "- **ui**: add toggle (#3)" in found["changelog"]


def test_text_says_what_a_person_must_decide(repo: GitSandbox) -> None:
    text = run(repo).stdout
    assert "v1.0.0 -> v1.1.0 (minor)" in text
    assert "\n? " in text


def test_markdown_is_the_changelog_alone(repo: GitSandbox) -> None:
    assert run(repo, "-o", "markdown").stdout.startswith("## [1.1.0] - ")


def test_full_changelog_has_every_release(repo: GitSandbox) -> None:
    text = run(repo, "--full", "-o", "markdown").stdout
    assert text.index("## [1.1.0]") < text.index("## [1.0.0] - 2023-11-14")


def test_settings_of_the_repository_hold_also_from_below(repo: GitSandbox) -> None:
    repo.write(".aof/release.yaml", "prerelease: rc\n")
    repo.write("deep/er/file", "")
    command = ["--repo", str(repo.directory / "deep/er"), "--quiet"]
    assert CliRunner().invoke(release, command).stdout == "v1.1.0-rc.1\n"


def test_settings_that_nothing_reads_are_refused(repo: GitSandbox) -> None:
    repo.write(".aof/release.yaml", "pre-release: rc\n")
    with pytest.raises(UsageFault, match="unknown key"):
        run(repo)


def test_a_template_of_ones_own(repo: GitSandbox) -> None:
    repo.write(".aof/release.yaml", "changelog: {template: t.j2}\n")
    repo.write("t.j2", "{{ tag }}!")
    assert run(repo, "-o", "markdown").stdout == "v1.1.0!\n"


def test_packages_are_listed_one_per_line(repo: GitSandbox) -> None:
    repo.write(".aof/release.yaml", "packages: [{name: a, paths: [a]}, {name: b, paths: [b]}]\n")
    repo.commit("feat: both", "a/x", "b/x")
    assert run(repo, "--quiet").stdout == "a@0.1.0\nb@0.1.0\n"
    found = json.loads(run(repo, "-o", "json").stdout)
    assert [one["next"] for one in found["packages"]] == ["a@0.1.0", "b@0.1.0"]
    assert len(found["outside"]) == 3


@pytest.mark.parametrize("path", ["/proc/self/environ", "../outside", ".git/config"])
def test_settings_of_a_repository_show_nothing_else_of_the_machine(
    tmp_path: Path, path: str
) -> None:
    (tmp_path / "outside").write_text("hidden words")
    repo = GitSandbox(tmp_path / "repo")
    repo.commit("feat: first")
    repo.write(".aof/release.yaml", f"changelog: {{template: {path}}}\n")
    with pytest.raises(UsageFault, match="not a file of the repository"):
        run(repo)
