"""Handing git a token for one push: in its environment, never on a command line or in a URL."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from aof.transport.git_reader import GitReader, decoded

_REDIRECTING = re.compile(r"^warning: redirecting to (\S+)$", re.MULTILINE)


def token_environment(reader: GitReader, remote: str, token: str) -> dict[str, str]:
    """Variables that make git send `token` to the server of `remote`, and nowhere else.

    Empty for remotes that are not HTTPS: those authenticate otherwise.
    """
    server = _server(reader.remotes().get(remote, ""))
    if not server:
        return {}
    # GitHub takes any user name with a token, GitLab asks for oauth2; both take this one.
    basic = base64.b64encode(f"oauth2:{token}".encode()).decode()
    key = f"http.{server}/.extraHeader"
    return {
        "GIT_CONFIG_COUNT": "3",
        # The empty value first drops headers of the configuration: two would be refused.
        "GIT_CONFIG_KEY_0": key,
        "GIT_CONFIG_VALUE_0": "",
        "GIT_CONFIG_KEY_1": key,
        "GIT_CONFIG_VALUE_1": f"Authorization: Basic {basic}",
        # Where git follows a redirect, what it posts there carries the header, whatever the host.
        "GIT_CONFIG_KEY_2": "http.followRedirects",
        "GIT_CONFIG_VALUE_2": "false",
    }


def moved_to(reader: GitReader, remote: str, credentials: Mapping[str, str]) -> str:
    """Where on the same server `remote` redirects to; empty for any other place, or none.

    A repository that was renamed is found under its old name so.
    """
    # Version 0 asks by one GET, whose header curl keeps from other hosts; 2 would post as well.
    options = ("-c", "protocol.version=0", "-c", "http.followRedirects=initial")
    beside = GitReader(reader.directory, environment={**reader.environment, **credentials})
    asked = beside.git(*options, "ls-remote", "--end-of-options", remote, "HEAD", timeout_s=30.0)
    found = _REDIRECTING.search(decoded(asked.stderr))
    place = found[1] if found else ""
    return place if place and _server(place) == _server(reader.remotes().get(remote, "")) else ""


def _server(url: str) -> str:
    """Scheme, host and port of an HTTPS address; empty for any other."""
    try:
        parts = urlsplit(url)
        port = parts.port or 443
    except ValueError:
        return ""
    if parts.scheme != "https" or not parts.hostname:
        return ""
    return f"https://{parts.hostname}" + (f":{port}" if port != 443 else "")
