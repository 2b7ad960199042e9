"""Redirects, credentials, limits and retries of downloads."""

import io
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from aof.errors import NotBound, Unreachable
from aof.transport.deadline import time_limit
from aof.transport.download import Download
from aof.transport.http import Http
from tests.servers.loopback import Loopback, Reply
from tests.servers.tls import serve_tls

KEY = {"authorization": "Bearer s3cret-token"}


@pytest.fixture
def api() -> Iterator[Loopback]:
    server = Loopback()
    with server.running():
        yield server


@pytest.fixture
def storage() -> Iterator[Loopback]:
    server = Loopback()
    server.route("GET", "/blob", lambda _: Reply(200, b"the log\n"))
    with server.running():
        yield server


def fetch(url: str, **options: int) -> tuple[int, bytes]:
    into = io.BytesIO()
    answer = Download(KEY, **options).fetch(url, into)
    return answer.status, into.getvalue()


def test_another_host_gets_no_credentials(api: Loopback, storage: Loopback) -> None:
    link = f"{storage.url}/blob?sig=abc"
    api.route("GET", "/log", lambda _: Reply(302, headers={"Location": link}))
    assert fetch(f"{api.url}/log") == (200, b"the log\n")
    assert api.asked[0].headers["authorization"] == "Bearer s3cret-token"
    assert "authorization" not in storage.asked[0].headers
    assert storage.asked[0].query == {"sig": "abc"}


def test_a_redirect_on_the_same_host_keeps_them(api: Loopback) -> None:
    api.route("GET", "/log", lambda _: Reply(307, headers={"Location": "/moved"}))
    api.route("GET", "/moved", lambda _: Reply(200, b"x"))
    assert fetch(f"{api.url}/log") == (200, b"x")
    assert "authorization" in api.asked[1].headers


def test_a_truncated_body_is_fetched_again_from_the_beginning(storage: Loopback) -> None:
    storage.plan("GET", "/blob", Reply(200, b"the log\n", cut=3))
    assert fetch(f"{storage.url}/blob") == (200, b"the log\n")
    assert len(storage.asked) == 2


def test_a_body_that_stays_truncated_is_an_error(storage: Loopback) -> None:
    storage.plan("GET", "/blob", *[Reply(200, b"the log\n", cut=3)] * 2)
    with pytest.raises(Unreachable, match="no connection"):
        fetch(f"{storage.url}/blob?sig=secret", attempts=2)


def test_a_signed_link_never_appears_in_an_error(api: Loopback, storage: Loopback) -> None:
    link = f"{storage.url}/huge?sig=topsecret"
    api.route("GET", "/log", lambda _: Reply(302, headers={"Location": link}))
    storage.route("GET", "/huge", lambda _: Reply(200, b"x" * 2000))
    with pytest.raises(Unreachable, match="given up") as caught:
        fetch(f"{api.url}/log", limit=1000)
    assert "topsecret" not in str(caught.value)


def test_endless_redirects_end(api: Loopback) -> None:
    api.route("GET", "/log", lambda _: Reply(302, headers={"Location": "/log"}))
    with pytest.raises(Unreachable) as caught:
        fetch(f"{api.url}/log")
    assert "more than 5 redirects" in caught.value.why


@pytest.mark.parametrize("target", ["file:///etc/passwd", "ftp://host/x"])
def test_other_schemes_are_refused(api: Loopback, target: str) -> None:
    api.route("GET", "/log", lambda _: Reply(302, headers={"Location": target}))
    with pytest.raises(Unreachable) as caught:
        fetch(f"{api.url}/log")
    assert "redirects to" in caught.value.why


@pytest.mark.parametrize("status", [404, 410])
def test_a_refusal_is_an_answer_with_the_servers_words(storage: Loopback, status: int) -> None:
    storage.plan("GET", "/blob", Reply(status, b"gone"))
    answer = Download({}).fetch(f"{storage.url}/blob", io.BytesIO())
    assert (answer.status, answer.body) == (status, b"gone")


def test_a_body_that_drips_is_given_up_in_time(storage: Loopback) -> None:
    storage.plan("GET", "/blob", Reply(200, b"x" * 200, drip_s=0.05))
    began = time.monotonic()
    with time_limit(0.5), pytest.raises(Unreachable, match="given up") as caught:
        fetch(f"{storage.url}/blob")
    assert caught.value.why == "it came too slowly"
    assert time.monotonic() - began < 2


@pytest.mark.parametrize("token", ["s3cret\n", "s3cr\u00e9t", "s3\x00cret"])
def test_a_token_that_cannot_be_sent_is_never_shown(storage: Loopback, token: str) -> None:
    with pytest.raises(NotBound, match="the header authorization cannot be sent") as caught:
        Download({"authorization": f"Bearer {token}"}).fetch(f"{storage.url}/blob", io.BytesIO())
    assert "s3" not in str(caught.value)


def test_user_and_password_of_a_url_stay_out_of_errors(storage: Loopback) -> None:
    url = storage.url.replace("http://", "http://user:pa55word@")
    storage.plan("GET", "/x", Reply(410, b"gone"))
    answer = Download({}).fetch(f"{url}/x", io.BytesIO())
    assert answer.request == f"GET {storage.url}/x"
    with pytest.raises(Unreachable) as caught:
        Http(url.replace(storage.url.rpartition(":")[2], "9"), attempts=1).get("/y")
    assert "pa55word" not in str(caught.value)


def test_a_server_with_a_private_ca_needs_its_certificate(
    storage: Loopback, tmp_path: Path
) -> None:
    server = Loopback()
    certificate = serve_tls(server, tmp_path)
    server.route("GET", "/log", lambda _: Reply(302, headers={"Location": f"{server.url}/there"}))
    server.route("GET", "/there", lambda _: Reply(200, b"secret log"))
    into = io.BytesIO()
    with server.running():
        with pytest.raises(Unreachable, match="no connection"):
            Download({}, attempts=1).fetch(f"{server.url}/log", into)
        Download({}, ca_file=str(certificate)).fetch(f"{server.url}/log", into)
    assert into.getvalue() == b"secret log"


def test_from_https_nothing_leads_back_to_http(storage: Loopback, tmp_path: Path) -> None:
    server = Loopback()
    certificate = serve_tls(server, tmp_path)
    target = {"Location": f"{storage.url}/blob"}
    server.route("GET", "/log", lambda _: Reply(302, headers=target))
    with server.running(), pytest.raises(Unreachable) as caught:
        Download({}, ca_file=str(certificate)).fetch(f"{server.url}/log", io.BytesIO())
    assert "redirects to 'http'" in caught.value.why
