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


def test_commits_without_a_convention_come_with_a_way_to_release_them(repo: GitSandbox) -> None:
    repo.tag("v1.1.0")
    repo.commit("Improve things")
    shown = run(repo, "-o", "text").stdout
    assert "1 commit follows no convention" in shown
    assert "`--release-as VERSION`" in shown
    assert "v1.1.1" in run(repo, "--release-as", "1.1.1").stdout
    repo.commit("fix: leak")
    assert "no convention" not in run(repo, "-o", "text").stdout


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


@pytest.mark.parametrize("depth", [1, 2, 3, 4])
def test_full_changelog_of_a_shallow_clone_has_every_release(tmp_path: Path, depth: int) -> None:
    repo = GitSandbox(tmp_path / "repo")
    for version in ("v1.0.0", "v1.0.1"):
        repo.commit("fix: more")
        repo.branch(f"side-{version}")
        repo.commit("fix: aside")
        repo.switch("main")
        repo.tag(version)
        repo.merge(f"side-{version}")
    clone = repo.clone(tmp_path / "clone", f"--depth={depth}")
    full = run(repo, "--full", "-o", "markdown").stdout
    assert "## [1.0.0]" in full
    assert run(clone, "--full", "-o", "markdown").stdout == full


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


PACKAGES = """\
packages:
- {name: a, paths: [a], changelog: a/CHANGELOG.md}
- {name: b, paths: [b], depends_on: [a]}
- {name: quiet, paths: [quiet]}
"""


@pytest.fixture
def packages(tmp_path: Path) -> GitSandbox:
    repo = GitSandbox(tmp_path)
    repo.write(".aof/release.yaml", PACKAGES)
    repo.commit("feat: a begins", "a/x")
    repo.tag("a@0.1.0")
    repo.commit("feat: b begins", "b/x")
    repo.commit("fix: mend a", "a/x")
    repo.commit("ci: faster", "Makefile")
    repo.tag("a@0.1.1")
    repo.commit("feat: more of a", "a/x")
    return repo


@pytest.mark.parametrize("output", ["text", "markdown"])
def test_packages_are_a_table_and_a_labelled_block_each(packages: GitSandbox, output: str) -> None:
    text = run(packages, "-o", output).stdout
    assert text.startswith("| Package | Current | Next | Level | Commits |\n")
    assert "| a | a@0.1.1 | a@0.2.0 | minor | 1 |" in text
    assert [line for line in text.splitlines() if line.startswith("# ")] == [
        "# a: a@0.1.1 -> a@0.2.0 (minor)",
        "# b: no release yet -> b@0.1.0 (minor)",
        "# quiet: no release yet -> no release needed",
    ]
    assert "**Files**: `a/CHANGELOG.md` (`version_files` is not set for a)" in text
    assert "**Outside**: 1 commit touches no package and no release." in text
    assert "ci: faster" in text


def test_one_package_alone_is_shown_as_a_repository_is(packages: GitSandbox) -> None:
    assert run(packages, "--package", "a", "-o", "markdown").stdout.startswith("## [0.2.0] - ")
    assert run(packages, "--package", "b").stdout.startswith("b: no release yet -> b@0.1.0")


def test_a_full_changelog_of_a_package_holds_its_releases_and_commits(
    packages: GitSandbox,
) -> None:
    text = run(packages, "--full", "--package", "a", "-o", "markdown").stdout
    headings = [line.split(" - ")[0] for line in text.splitlines() if line.startswith("## ")]
    assert headings == ["## [0.2.0]", "## [0.1.1]", "## [0.1.0]"]
    assert [line.split(" (")[0] for line in text.splitlines() if line.startswith("- ")] == [
        "- more of a",
        "- mend a",
        "- a begins",
    ]
    other = run(packages, "--full", "--package", "b", "-o", "markdown").stdout
    assert "b begins" in other
    assert "- update to a@0.2.0" in other
    assert "mend a" not in other


def test_a_full_changelog_of_several_packages_is_refused_with_a_name_to_give(
    packages: GitSandbox,
) -> None:
    with pytest.raises(UsageFault) as caught:
        run(packages, "--full")
    assert caught.value.fix == "name one: --package a"
    with pytest.raises(UsageFault) as caught:
        run(packages, "--package", "quite")
    assert caught.value.fix == "did you mean 'quiet'?"


def test_a_tag_of_no_possible_time_has_no_day(repo: GitSandbox) -> None:
    head = repo.head()
    text = f"object {head}\ntype commit\ntag v1.5.0\ntagger a <a> 99999999999999 +0000\n\nx\n"
    made = repo.git("hash-object", "-t", "tag", "-w", "--stdin", input_bytes=text.encode())
    repo.git("update-ref", "refs/tags/v1.5.0", made)
    result = run(repo, "--full")
    assert result.exit_code == 0
    assert "## [1.5.0]\n" in result.stdout
