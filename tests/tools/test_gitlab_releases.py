"""Releases on GitLab: files first, the release last; interrupted anywhere, continued."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from aof.errors import Unreachable, UsageFault
from aof.tools.gitlab_ci import GitlabCi
from tests.servers.gitlab import PROJECT, READ_TOKEN, SHA, WRITE_TOKEN, GitlabServer
from tests.servers.loopback import Reply

TAG = "pkg@v1.2.0"
FILE = b"program " * 1000
RELEASE = {"tag": TAG, "title": "v1.2.0", "notes": "## Added\n- basket", "assets": ["app.tar.gz"]}


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[GitlabServer]:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "app.tar.gz").write_bytes(FILE)
    server = GitlabServer()
    server.changes.tags[TAG] = SHA
    with server.running():
        yield server


def do(server: GitlabServer, operation: str, **arguments: Any) -> Any:
    settings = {
        "GITLAB_TOKEN": READ_TOKEN,
        "GITLAB_TOKEN_WRITE": WRITE_TOKEN,
        "GITLAB_URL": server.url,
        "GITLAB_PROJECT": PROJECT,
    }
    return GitlabCi.bind(settings).invoke(operation, arguments).data


def release_all(server: GitlabServer) -> None:
    do(server, "upload_asset", tag=TAG, path="app.tar.gz")
    do(server, "create_release", **RELEASE, sha=SHA)


def test_a_release_links_to_the_uploaded_files(server: GitlabServer) -> None:
    release_all(server)
    data = do(server, "get_release", tag=TAG)
    assert (data["state"], data["tag_sha"]) == ("published", SHA)
    link = data["release"]["assets"][0]
    path = "/api/v4/projects/acme%2Fshop/packages/generic/release/pkg-v1.2.0/app.tar.gz"
    assert (link["name"], link["url"]) == ("app.tar.gz", f"{server.url}{path}")
    assert server.changes.files[0]["file_sha256"] == hashlib.sha256(FILE).hexdigest()


def test_an_older_server_tells_of_the_file_when_asked_again(server: GitlabServer) -> None:
    server.changes.knows_select = False
    assert do(server, "upload_asset", tag=TAG, path="app.tar.gz")["uploaded"] is True


def test_before_it_there_is_none(server: GitlabServer) -> None:
    assert do(server, "get_release", tag=TAG)["state"] == "none"
    assert do(server, "get_release", tag="v9")["tag_sha"] is None


def test_doing_all_of_it_again_changes_nothing(server: GitlabServer) -> None:
    release_all(server)
    before = len(server.asked)
    release_all(server)
    assert {asked.method for asked in server.asked[before:]} == {"GET"}
    assert (len(server.changes.releases), len(server.changes.files)) == (1, 1)


@pytest.mark.parametrize(("method", "path"), [("PUT", "/packages"), ("POST", "/releases")])
def test_a_lost_answer_at_any_step_is_found_out(
    server: GitlabServer, method: str, path: str
) -> None:
    server.lose(method, path)
    release_all(server)
    assert (len(server.changes.releases), len(server.changes.files)) == (1, 1)


@pytest.mark.parametrize(("method", "path"), [("PUT", "/packages"), ("POST", "/releases")])
def test_a_failed_step_is_reported_and_running_again_finishes(
    server: GitlabServer, method: str, path: str
) -> None:
    server.plan(method, path, Reply(500, {"message": "500 Internal Server Error"}))
    with pytest.raises(Unreachable, match="500"):
        release_all(server)
    assert server.changes.releases == []
    release_all(server)
    assert len(server.changes.releases) == 1


def test_words_and_missing_links_are_brought_up_to_date(server: GitlabServer) -> None:
    do(server, "create_release", **{**RELEASE, "assets": [], "notes": "old"})
    do(server, "upload_asset", tag=TAG, path="app.tar.gz")
    data = do(server, "create_release", **RELEASE)
    assert (data["created"], data["changed"]) == (False, True)
    assert data["release"]["description"] == RELEASE["notes"]
    assert [one["name"] for one in data["release"]["assets"]] == ["app.tar.gz"]


def test_without_its_files_there_is_no_release(server: GitlabServer) -> None:
    with pytest.raises(Unreachable, match="is not complete"):
        do(server, "create_release", **RELEASE)
    assert server.changes.releases == []


def test_without_the_tag_there_is_no_release(server: GitlabServer) -> None:
    server.changes.tags.clear()
    with pytest.raises(Unreachable, match="there is no tag"):
        do(server, "create_release", tag=TAG, title="x", notes="x")


def test_a_tag_elsewhere_is_a_conflict(server: GitlabServer) -> None:
    with pytest.raises(Unreachable, match="points to cdcdcdcdcdcd, not to ffffffffffff"):
        do(server, "create_release", tag=TAG, title="x", notes="x", sha="ff" * 20)


def test_another_content_under_the_same_name_is_refused(
    server: GitlabServer, tmp_path: Path
) -> None:
    do(server, "upload_asset", tag=TAG, path="app.tar.gz")
    (tmp_path / "app.tar.gz").write_bytes(b"other")
    with pytest.raises(Unreachable, match="the package has another app"):
        do(server, "upload_asset", tag=TAG, path="app.tar.gz")
    assert len(server.changes.files) == 1


def test_packages_with_similar_names_are_told_apart(server: GitlabServer) -> None:
    other = {"id": 1, "name": "release-notes", "version": "pkg-v1.2.0"}
    server.changes.packages.append(other)
    server.changes.files.append({"id": 2, "package_id": 1, "file_name": "app.tar.gz", "size": 1})
    assert do(server, "upload_asset", tag=TAG, path="app.tar.gz")["uploaded"] is True


@pytest.mark.parametrize("name", ["a b", "-x", "ü", "a/b"])
def test_names_a_package_cannot_have_are_refused(server: GitlabServer, name: str) -> None:
    with pytest.raises(UsageFault, match="cannot be the name"):
        do(server, "upload_asset", tag=TAG, path="app.tar.gz", name=name)


def test_a_file_that_changed_since_the_plan_is_refused(server: GitlabServer) -> None:
    with pytest.raises(UsageFault, match="not the file that was planned"):
        do(server, "upload_asset", tag=TAG, path="app.tar.gz", sha256="00" * 32)
    assert server.asked == []
