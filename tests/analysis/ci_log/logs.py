"""Logs for tests: what a runner puts around the output of a command."""

from __future__ import annotations


def github(output: str, *, exit_code: int = 1, after: str = "", step: str = "npm test") -> bytes:
    """A job log of GitHub Actions whose step printed `output`."""
    lines = [
        "Current runner version: '2.336.0'",
        "Complete job name: build",
        "##[group]Run actions/checkout@v4",
        "##[endgroup]",
        "Syncing repository: acme/shop",
        f"##[group]Run {step}",
        f"\x1b[36;1m{step}\x1b[0m",
        "shell: /usr/bin/bash -e {0}",
        "##[endgroup]",
        *output.splitlines(),
    ]
    if exit_code:
        lines.append(f"##[error]Process completed with exit code {exit_code}.")
    lines += [*after.splitlines(), "Post job cleanup.", "Cleaning up orphan processes"]
    stamped = (f"2026-11-20T10:00:{i % 60:02}.1234567Z {line}" for i, line in enumerate(lines))
    return "\ufeff".encode() + "\n".join(stamped).encode() + b"\n"


def gitlab(output: str, *, exit_code: int = 1, after: str = "") -> bytes:
    """A job trace of GitLab with sections, as runners before 18.7 write it."""
    end = f"\x1b[31;1mERROR: Job failed: exit code {exit_code}\n\x1b[0;m"
    return (
        "\x1b[0KRunning with gitlab-runner 17.5.0\x1b[0;m\n"
        "section_start:1760000000:prepare_executor\r\x1b[0K"
        "\x1b[0K\x1b[36;1mPreparing the executor\x1b[0;m\n"
        "section_end:1760000001:prepare_executor\r\x1b[0K"
        "section_start:1760000001:step_script\r\x1b[0K\x1b[0K\x1b[36;1mExecuting\x1b[0;m\n"
        "\x1b[32;1m$ make test\x1b[0;m\n"
        f"{output}\n"
        "section_end:1760000009:step_script\r\x1b[0K"
        f"section_start:1760000009:after_script\r\x1b[0K{after}\n"
        "section_end:1760000010:after_script\r\x1b[0K"
        f"{end if exit_code else 'Job succeeded'}"
    ).encode()


def gitlab_stamped(output: str, *, exit_code: int = 1) -> bytes:
    """A job trace of GitLab with the timestamps of runner 18.7 and newer."""
    lines = gitlab(output, exit_code=exit_code).decode().splitlines()
    return "\n".join(f"2026-11-20T10:00:00.123456Z 01O {line}" for line in lines).encode()


def jenkins(output: str, *, result: str = "FAILURE") -> bytes:
    """The console text of a Jenkins pipeline with a stage before and one after."""
    return (
        "Started by user admin\n[Pipeline] Start of Pipeline\n[Pipeline] node\n[Pipeline] {\n"
        "[Pipeline] stage\n[Pipeline] { (Checkout)\n[Pipeline] checkout\n[Pipeline] }\n"
        "[Pipeline] stage\n[Pipeline] { (Test)\n[Pipeline] sh\n+ make test\n"
        f"{output}\n"
        "[Pipeline] }\n[Pipeline] // stage\n[Pipeline] stage\n[Pipeline] { (Deploy)\n"
        'Stage "Deploy" skipped due to earlier failure(s)\n[Pipeline] }\n'
        "[Pipeline] End of Pipeline\n"
        f"ERROR: script returned exit code 1\nFinished: {result}\n"
    ).encode()


def travis(output: str, *, exit_code: int = 1) -> bytes:
    """A Travis CI log."""
    return (
        "travis_fold:start:install\r\x1b[0K$ pip install .\nok\n"
        '\x1b[32;1mThe command "pip install ." exited with 0.\x1b[0m\n'
        f"$ make test\n{output}\n"
        f'\x1b[31;1mThe command "make test" exited with {exit_code}.\x1b[0m\n\n'
        f"Done. Your build exited with {exit_code}.\n"
    ).encode()
