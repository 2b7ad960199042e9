"""Handing git a token for one push: in its environment, never on a command line or in a URL."""

from __future__ import annotations

import base64
from urllib.parse import urlsplit

from aof.transport.git_reader import GitReader


def token_environment(reader: GitReader, remote: str, token: str) -> dict[str, str]:
    """Variables that make git send `token` to the server of `remote`, and nowhere else.

    Empty for remotes that are not HTTPS: those authenticate otherwise.
    """
    url = urlsplit(reader.remotes().get(remote, ""))
    if url.scheme != "https" or not url.hostname:
        return {}
    server = f"https://{url.hostname}" + (f":{url.port}" if url.port else "")
    # GitHub takes any user name with a token, GitLab asks for oauth2; both take this one.
    basic = base64.b64encode(f"oauth2:{token}".encode()).decode()
    key = f"http.{server}/.extraHeader"
    # The empty value first drops headers of the configuration: two would be refused.
    return {
        "GIT_CONFIG_COUNT": "2",
        "GIT_CONFIG_KEY_0": key,
        "GIT_CONFIG_VALUE_0": "",
        "GIT_CONFIG_KEY_1": key,
        "GIT_CONFIG_VALUE_1": f"Authorization: Basic {basic}",
    }
