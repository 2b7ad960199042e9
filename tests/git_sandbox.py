"""Real git repositories for tests, made with git itself and with a steady clock."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

_AT = 1_700_000_000


class GitSandbox:
    """A repository under test. Every commit is one minute later than the one before."""

    def __init__(self, directory: Path, *, bare: bool = False, hash_name: str = "sha1") -> None:
        self.directory = directory
        self.time = _AT
        directory.mkdir(parents=True, exist_ok=True)
        form = f"--object-format={hash_name}"
        self.git("init", "-q", "-b", "main", form, *(["--bare"] if bare else []))

    def git(self, *arguments: str, input_bytes: bytes | None = None) -> str:
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.directory),
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_AUTHOR_NAME": "Ada",
            "GIT_AUTHOR_EMAIL": "ada@example.org",
            "GIT_COMMITTER_NAME": "Ada",
            "GIT_COMMITTER_EMAIL": "ada@example.org",
            "GIT_AUTHOR_DATE": f"{self.time} +0000",
            "GIT_COMMITTER_DATE": f"{self.time} +0000",
        }
        done = subprocess.run(
            ["git", "-c", "protocol.file.allow=always", *arguments],
            cwd=self.directory,
            env=environment,
            input=input_bytes,
            capture_output=True,
            check=False,
        )
        if done.returncode:
            raise AssertionError(f"git {arguments}: {done.stderr.decode()}")
        return done.stdout.decode("utf-8", "replace").strip()

    def commit(self, message: str | bytes, *paths: str, encoding: str = "") -> str:
        """Commit an edit of `paths` (none: an empty commit); returns the commit's name."""
        self.time += 60
        for path in paths:
            self.write(path, f"{self.time}\n")
        self.git("add", "-A")
        raw = message if isinstance(message, bytes) else message.encode()
        options = ["-c", f"i18n.commitEncoding={encoding}"] if encoding else []
        self.git(
            *options,
            *("commit", "-q", "--allow-empty", "--cleanup=verbatim", "--allow-empty-message"),
            *("-F", "-"),
            input_bytes=raw,
        )
        return self.head()

    def commit_object(
        self, message: bytes, *, more: bytes = b"", when: bytes = b"1700009999 +0000"
    ) -> str:
        """Put a commit on main that git itself would not make; `more` are header lines."""
        tree, parent = self.git("rev-parse", "HEAD^{tree}", "HEAD").encode().split()
        who = b"Ada <ada@example.org> " + when
        lines = (b"tree " + tree, b"parent " + parent, b"author " + who, b"committer " + who)
        raw = b"\n".join(lines) + b"\n" + more + b"\n" + message
        arguments = ("hash-object", "-t", "commit", "-w", "--literally", "--stdin")
        sha = self.git(*arguments, input_bytes=raw)
        self.git("update-ref", "refs/heads/main", sha)
        return sha

    def write(self, path: str, text: str) -> None:
        file = self.directory / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text.encode())

    def tag(self, name: str, *, annotated: bool = True, at: str = "HEAD") -> None:
        options = ["-a", "-m", f"Release {name}"] if annotated else []
        self.git("tag", *options, name, at)

    def branch(self, name: str, at: str = "HEAD") -> None:
        """Make a branch and switch to it."""
        self.git("switch", "-q", "-c", name, at)

    def switch(self, name: str) -> None:
        self.git("switch", "-q", name)

    def merge(self, branch: str, message: str = "") -> str:
        self.time += 60
        words = ["-m", message] if message else ["--no-edit"]
        self.git("merge", "-q", "--no-ff", *words, branch)
        return self.head()

    def head(self) -> str:
        return self.git("rev-parse", "HEAD")

    def clone(self, directory: Path, *options: str) -> GitSandbox:
        """Clone this repository the way CI does, over the file transport."""
        url = self.directory.as_uri()
        self.git("clone", "-q", *options, url, str(directory))
        made = GitSandbox.__new__(GitSandbox)
        made.directory, made.time = directory, self.time
        return made
