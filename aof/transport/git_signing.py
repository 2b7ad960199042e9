"""Signing commits and tags where the repository's configuration asks for it.

Which program signs and with which key is git's own configuration. What cannot be signed is
refused: an unsigned commit is never made in its place.
"""

from __future__ import annotations

from aof.errors import PlanRefused
from aof.transport.git_reader import GitReader, decoded
from aof.transport.process import Completed


def wants_signed(reader: GitReader, what: str) -> bool:
    """Whether `commit.gpgSign` or `tag.gpgSign` is set; `what` is `commit` or `tag`."""
    done = reader.git("config", "--type=bool", "--get", f"{what}.gpgSign")
    return done.stdout.strip() == b"true"


def is_signed_tag(reader: GitReader, name: str) -> bool:
    """Whether the tag carries a signature; git 2.39 may leave it out and report success."""
    form = "--format=%(contents:signature)"
    return bool(reader.text("for-each-ref", form, f"refs/tags/{name}").strip())


def cannot_sign(what: str, done: Completed) -> PlanRefused:
    """What to raise when git could not sign; nothing was made then."""
    return PlanRefused(
        f"the {what} cannot be signed, so it is not made",
        why=decoded(done.stderr).strip()[-1000:] or "git made it without a signature",
        fix=f"{what}.gpgSign asks for a signature: see that gpg.format, user.signingKey and the "
        "key's agent (SSH_AUTH_SOCK, GNUPGHOME) work here",
    )
