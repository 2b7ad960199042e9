"""Releases on GitHub: draft, assets, publish last; interrupted anywhere, continued."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from aof.errors import Unreachable, UsageFault
from aof.plans import canonical_json
from aof.tools.github_actions import GithubActions
from tests.servers.github import READ_TOKEN, REPO, SHA, WRITE_TOKEN, GithubServer
from tests.servers.loopback import Reply

TAG = "pkg/v1.2.0"
DRAFT = {"tag": TAG, "title": "v1.2.0", "notes": "## Added\n- basket"}


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[GithubServer]:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "app.tar.gz").write_bytes(b"program " * 1000)
    server = GithubServer()
    server.changes.annotated[TAG] = SHA
    with server.running():
        yield server


def bound(server: GithubServer, write: str = WRITE_TOKEN) -> GithubActions:
    settings = {
        "GITHUB_TOKEN": READ_TOKEN,
        "GITHUB_TOKEN_WRITE": write,
        "GITHUB_API_URL": server.url,
        "GITHUB_REPOSITORY": REPO,
    }
    tool = GithubActions.bind(settings)
    assert isinstance(tool, GithubActions)
    return tool


def do(server: GithubServer, operation: str, **arguments: Any) -> Any:
    return bound(server).invoke(operation, arguments).data


def release_all(server: GithubServer) -> None:
    do(server, "create_release", **DRAFT)
    do(server, "upload_asset", tag=TAG, path="app.tar.gz")
    do(server, "publish_release", tag=TAG, sha=SHA, assets=["app.tar.gz"])


def test_a_release_is_drafted_filled_and_published(server: GithubServer) -> None:
    release_all(server)
    data = do(server, "get_release", tag=TAG)
    assert (data["state"], data["tag_sha"]) == ("published", SHA)
    asset = data["release"]["assets"][0]
    digest = hashlib.sha256(b"program " * 1000).hexdigest()
    assert (asset["size"], asset["digest"]) == (8000, f"sha256:{digest}")


def test_doing_all_of_it_again_changes_nothing(server: GithubServer) -> None:
    release_all(server)
    before = len(server.asked)
    release_all(server)
    assert {asked.method for asked in server.asked[before:]} == {"GET"}
    assert len(server.changes.releases) == 1


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "/releases"), ("POST", "/assets"), ("PATCH", "/releases")],
)
def test_a_lost_answer_at_any_step_is_found_out(
    server: GithubServer, method: str, path: str
) -> None:
    server.lose(method, path)
    release_all(server)
    release = server.changes.releases[0]
    assert (release["draft"], len(release["assets"]), len(server.changes.releases)) == (False, 1, 1)


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "/releases"), ("POST", "/assets"), ("PATCH", "/releases")],
)
def test_a_failed_step_is_reported_and_running_again_finishes(
    server: GithubServer, method: str, path: str
) -> None:
    server.plan(method, path, Reply(500, {"message": "Server Error"}))
    with pytest.raises(Unreachable, match="500"):
        release_all(server)
    assert all(one["draft"] for one in server.changes.releases)
    release_all(server)
    assert [one["draft"] for one in server.changes.releases] == [False]


def test_an_earlier_draft_is_brought_up_to_date(server: GithubServer) -> None:
    server.changes.release(TAG, name="old", body="old")
    data = do(server, "create_release", **DRAFT, prerelease=True)
    assert (data["created"], data["release"]["body"]) == (False, DRAFT["notes"])
    assert data["release"]["prerelease"] is True


def test_of_two_drafts_the_older_goes_on(server: GithubServer) -> None:
    older = server.changes.release(TAG)
    server.changes.release(TAG)
    assert do(server, "create_release", **DRAFT)["release"]["id"] == older["id"]


def test_a_draft_behind_many_releases_is_found(server: GithubServer) -> None:
    draft = server.changes.release(TAG)
    for number in range(120):
        server.changes.releases.insert(0, {**draft, "id": number, "tag_name": f"v0.{number}"})
    assert do(server, "create_release", **DRAFT)["release"]["id"] == draft["id"]


def test_a_published_release_keeps_its_words(server: GithubServer) -> None:
    release_all(server)
    output = bound(server).invoke("create_release", {**DRAFT, "notes": "other"})
    assert output.data["state"] == "published"
    assert "left as it is" in output.warnings[0]
    assert server.changes.releases[0]["body"] == DRAFT["notes"]


def test_without_the_tag_there_is_no_release(server: GithubServer) -> None:
    server.changes.annotated.clear()
    with pytest.raises(Unreachable, match="there is no tag") as caught:
        do(server, "create_release", **DRAFT)
    assert caught.value.fix == "push the tag first"
    assert server.changes.releases == []


def test_publishing_never_creates_the_tag(server: GithubServer) -> None:
    do(server, "create_release", **DRAFT)
    server.changes.annotated.clear()
    with pytest.raises(Unreachable, match="there is no tag"):
        do(server, "publish_release", tag=TAG)
    assert server.changes.tags == {}


def test_a_tag_elsewhere_is_a_conflict(server: GithubServer) -> None:
    do(server, "create_release", **DRAFT)
    server.changes.annotated[TAG] = "ff" * 20
    with pytest.raises(Unreachable, match="points to ffffffffffff, not to abababababab"):
        do(server, "publish_release", tag=TAG, sha=SHA)


def test_a_lightweight_tag_counts_too(server: GithubServer) -> None:
    server.changes.annotated.clear()
    server.changes.tags[TAG] = SHA
    assert do(server, "get_release", tag=TAG)["tag_sha"] == SHA


def test_an_incomplete_release_is_not_published(server: GithubServer) -> None:
    do(server, "create_release", **DRAFT)
    half = {"id": 1, "name": "app.tar.gz", "size": 0, "state": "starter"}
    server.changes.releases[0]["assets"] = [half]
    with pytest.raises(Unreachable, match="is not complete") as caught:
        do(server, "publish_release", tag=TAG, assets=["app.tar.gz", "b.zip"])
    assert "app.tar.gz, b.zip" in caught.value.why
    assert server.changes.releases[0]["draft"] is True


def test_a_half_uploaded_asset_is_replaced(server: GithubServer) -> None:
    do(server, "create_release", **DRAFT)
    half = {"id": 1, "name": "app.tar.gz", "size": 0, "state": "starter"}
    server.changes.releases[0]["assets"] = [half]
    assert do(server, "upload_asset", tag=TAG, path="app.tar.gz")["uploaded"] is True
    assert [one["state"] for one in server.changes.releases[0]["assets"]] == ["uploaded"]


def test_another_content_is_refused_once_published(server: GithubServer, tmp_path: Path) -> None:
    release_all(server)
    (tmp_path / "app.tar.gz").write_bytes(b"other")
    with pytest.raises(Unreachable, match="is published with another app") as caught:
        do(server, "upload_asset", tag=TAG, path="app.tar.gz")
    assert caught.value.fix == "release a new version"


def test_an_immutable_release_refuses_late_assets_in_githubs_words(
    server: GithubServer, tmp_path: Path
) -> None:
    server.changes.immutable = True
    release_all(server)
    (tmp_path / "late.txt").write_text("late")
    with pytest.raises(Unreachable, match="422") as caught:
        do(server, "upload_asset", tag=TAG, path="late.txt")
    assert "immutable release" in caught.value.why


def test_a_file_that_changed_since_the_plan_is_refused(server: GithubServer) -> None:
    do(server, "create_release", **DRAFT)
    with pytest.raises(UsageFault, match="not the file that was planned"):
        do(server, "upload_asset", tag=TAG, path="app.tar.gz", sha256="00" * 32)
    assert server.requests("POST", "/assets") == []


@pytest.mark.parametrize("path", ["../secret", "/etc/passwd", "link", "folder", "missing"])
def test_only_files_of_the_working_directory_are_sent(
    server: GithubServer, tmp_path: Path, path: str
) -> None:
    (tmp_path / "link").symlink_to("/etc/hostname")
    (tmp_path / "folder").mkdir()
    with pytest.raises(UsageFault):
        do(server, "upload_asset", tag=TAG, path=path)
    assert server.asked == []


@pytest.mark.parametrize("name", ["a b.txt", ".env", "ü.txt", "a/b"])
def test_names_github_would_change_are_refused(server: GithubServer, name: str) -> None:
    with pytest.raises(UsageFault, match="cannot be the name of an asset"):
        do(server, "upload_asset", tag=TAG, path="app.tar.gz", name=name)


def test_what_is_sent_is_what_was_checked(server: GithubServer, tmp_path: Path) -> None:
    planned = (tmp_path / "app.tar.gz").read_bytes()
    server.changes.release(TAG)
    answer = server.answer

    def meanwhile(asked: Any) -> Reply:
        (tmp_path / "app.tar.gz").write_bytes(b"other!! " * 1000)
        return answer(asked)

    server.answer = meanwhile  # type: ignore[method-assign]
    do(server, "upload_asset", tag=TAG, path="app.tar.gz")
    assert [one.body for one in server.asked if one.method == "POST"] == [planned]


def test_files_of_git_are_never_sent(server: GithubServer, tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git/config").write_text("extraheader = AUTHORIZATION: basic c2VjcmV0\n")
    (tmp_path / "config").symlink_to(".git/config")
    for path in (".git/config", "config"):
        with pytest.raises(UsageFault, match="never sent"):
            do(server, "upload_asset", tag=TAG, path=path)


@pytest.mark.parametrize(
    "host", ["attacker.example", "127.0.0.1:9", "me:word@127.0.0.1", "127.0.0.1.attacker.example"]
)
def test_the_token_is_not_sent_to_another_upload_host(server: GithubServer, host: str) -> None:
    server.changes.release(TAG, upload_url=f"http://{host}/assets{{?name,label}}")
    with pytest.raises(Unreachable, match="refused to upload to"):
        do(server, "upload_asset", tag=TAG, path="app.tar.gz")


def test_a_token_that_may_not_push_sees_no_draft(server: GithubServer) -> None:
    do(server, "create_release", **DRAFT)
    seen = bound(server, write="").invoke("get_release", {"tag": TAG}).data
    assert (seen["state"], seen["drafts_visible"]) == ("none", False)
    with pytest.raises(Unreachable, match="404"):
        bound(server, write=READ_TOKEN).invoke("create_release", DRAFT)


def test_while_a_plan_is_applied_the_draft_is_seen(server: GithubServer) -> None:
    do(server, "create_release", **DRAFT)
    seen = do(server, "get_release", tag=TAG)
    assert (seen["state"], seen["drafts_visible"]) == ("draft", True)


def test_what_arrives_otherwise_is_an_error(server: GithubServer) -> None:
    do(server, "create_release", **DRAFT)
    short = {"id": 9, "name": "app.tar.gz", "size": 12, "state": "uploaded"}
    server.plan("POST", "/assets", Reply(201, short))
    with pytest.raises(Unreachable, match="did not arrive as it is here"):
        do(server, "upload_asset", tag=TAG, path="app.tar.gz")


def test_halves_of_pairs_in_answers_can_be_stored(server: GithubServer) -> None:
    server.changes.release(TAG, draft=False, body="half \ud800 of a pair, and \U0001f389")
    data = do(server, "get_release", tag=TAG)
    assert canonical_json(data).encode()
    assert "half ? of a pair, and \U0001f389" in canonical_json(data)
