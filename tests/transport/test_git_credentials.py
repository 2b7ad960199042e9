"""A token for pushing stays with the server it is meant for."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from aof.errors import Unreachable
from aof.transport.git_credentials import token_environment
from aof.transport.git_reader import GitReader, without_password
from aof.transport.git_writer import GitWriter
from tests.git_sandbox import GitSandbox
from tests.servers.loopback import Asked, Loopback, Reply
from tests.servers.tls import serve_tls

NOTHING, SHA = "0" * 40, "ab" * 20


def packet(text: str) -> bytes:
    return f"{len(text) + 4:04x}{text}".encode()


def advertisement(asked: Asked) -> Reply:
    service = asked.query["service"]
    body = packet(f"# service={service}\n") + b"0000"
    body += packet(f"{NOTHING} capabilities^{{}}\0report-status atomic\n") + b"0000"
    return Reply(200, body, {"Content-Type": f"application/x-{service}-advertisement"})


class GitHost(Loopback):
    """A git server over HTTPS that lists no refs and takes no push."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        folder.mkdir()
        serve_tls(self, folder)
        self.route("GET", "/(?:new|x).git/info/refs", advertisement)
        self.route("POST", ".*", lambda _: Reply(403))

    def redirects(self, to: str) -> None:
        def moved(asked: Asked) -> Reply:
            place = f"{to}/info/refs?service={asked.query['service']}"
            return Reply(301, b"", {"Location": place})

        self.route("GET", "/old.git/info/refs", moved)

    def tokens(self, method: str) -> set[str | None]:
        return {one.headers.get("authorization") for one in self.asked if one.method == method}


@pytest.fixture
def host(tmp_path: Path) -> Iterator[GitHost]:
    server = GitHost(tmp_path / "host")
    with server.running():
        yield server


@pytest.fixture
def stranger(tmp_path: Path) -> Iterator[GitHost]:
    server = GitHost(tmp_path / "stranger")
    with server.running():
        yield server


def writer(tmp_path: Path, url: str) -> GitWriter:
    repo = GitSandbox(tmp_path / "repo")
    repo.commit("feat: first")
    repo.git("remote", "add", "origin", url)
    repo.git("config", "http.sslVerify", "false")
    reader = GitReader(repo.directory)
    return GitWriter(reader, credentials=token_environment(reader, "origin", "s3cret-token"))


def test_a_token_does_not_follow_a_redirect_to_another_host(
    tmp_path: Path, host: GitHost, stranger: GitHost
) -> None:
    host.redirects(f"{stranger.url}/x.git")
    pushing = writer(tmp_path, f"{host.url}/old.git")
    done = pushing._push("origin", ["refs/heads/main"])
    assert done.returncode != 0
    assert None not in host.tokens("GET")
    assert stranger.tokens("GET") | stranger.tokens("POST") <= {None}


def test_a_repository_renamed_on_the_same_server_is_pushed_to(
    tmp_path: Path, host: GitHost
) -> None:
    host.redirects(f"{host.url}/new.git")
    pushing = writer(tmp_path, f"{host.url}/old.git")
    pushing._push("origin", ["refs/heads/main"])
    posted = [one for one in host.asked if one.method == "POST"]
    assert {one.path for one in posted} == {"/new.git/git-receive-pack"}
    assert None not in host.tokens("POST")


def test_what_git_says_names_no_password_whatever_signs_it_holds(tmp_path: Path) -> None:
    repo = GitSandbox(tmp_path / "repo")
    repo.git("remote", "add", "origin", "http://me:first@second-half@127.0.0.1:1/x.git")
    with pytest.raises(Unreachable) as caught:
        GitReader(repo.directory).remote_refs("origin", ["refs/heads/main"])
    assert "127.0.0.1" in str(caught.value)
    assert "second-half" not in str(caught.value)
    assert (
        without_password("https://a:b@c@host/x and ssh://git@h/y") == "https://host/x and ssh://h/y"
    )


def test_a_remote_that_lists_refs_in_an_odd_order_is_read(tmp_path: Path, host: GitHost) -> None:
    def odd(_: Asked) -> Reply:
        first = packet(f"{SHA} refs/heads/main^{{}}\0agent=x\n")
        body = packet("# service=git-upload-pack\n") + b"0000" + first
        body += packet(f"{SHA} refs/heads/main\n") + b"0000"
        return Reply(200, body, {"Content-Type": "application/x-git-upload-pack-advertisement"})

    host.route("GET", "/odd.git/info/refs", odd)
    reader = writer(tmp_path, f"{host.url}/odd.git").reader
    assert reader.remote_refs("origin", ["refs/heads/main"]) == {"refs/heads/main": (SHA, SHA)}
