"""Advice for machines: commands, files, memory, disks, time, network and runners."""

from __future__ import annotations

from aof.analysis.ci_log.fixes.advice import Advice

ADVICE: dict[str, Advice] = {
    "command-missing": Advice(
        "The job calls a command that is not installed, or not on PATH.",
        ("Install it in the image or a step before, or correct PATH.",),
        ("command -v {subject}", 'echo "$PATH"'),
        subject=r"([\w./+-]{1,60}): (?:command )?not found|([\w./+-]{1,60}): No such file"
        r"|spawn ([\w./+-]{1,60}) ENOENT|directory: '([\w./+-]{1,60})'"
        r"|exec: \"([\w./+-]{1,60})\"",
    ),
    "interpreter-missing": Advice(
        "The script names an interpreter that is not there, or its lines end as on Windows.",
        ("Correct the first line of the script; store it with LF line ends.",),
        ("head -1 {subject} | cat -A", "git ls-files --eol {subject}"),
        "Set `* text=auto` and `*.sh eol=lf` in .gitattributes.",
        subject=r"([\w./+-]{1,100}): (?:cannot execute: required file|\S+: bad interpreter)",
    ),
    "exec-format": Advice(
        "The program is built for another processor or system than the runner's.",
        ("Build or download it for this platform; for images pass --platform.",),
        ("uname -m", "file {subject}"),
        subject=r"([\w./+-]{1,100}): (?:cannot execute binary file|Exec format error)",
    ),
    "library-missing": Advice(
        "A shared library is not there, or too old for the program.",
        ("Install the package that has it, or build on the image that runs it.",),
        ("ldconfig -p | grep {subject}", "ldd --version | head -1"),
        subject=r"libraries: (lib[\w.+-]{1,60})|^(lib[\w.+-]{1,60}): cannot open",
    ),
    "permission": Advice(
        "The job may not do this: the mode or the owner of a file, or a missing right.",
        ("Set the executable bit in Git, or correct owner and mount.",),
        ("ls -l {subject}", "git update-index --chmod=+x {subject}"),
        subject=r"(?:^|[ :])(\.?/?[\w./+-]{1,100}): Permission denied"
        r"|directory '([\w./+-]{1,100})': Permission",
    ),
    "file-missing": Advice(
        "A file the job needs is not there: not checked out, not built, or another directory.",
        ("Check the working directory, earlier steps and downloaded artifacts.",),
        ("pwd; ls -la", "git ls-files | grep {subject}"),
        subject=r"([\w./+-]{1,100}): No such file|(?:open|stat|access) '?([\w./+-]{1,100})'?:",
    ),
    "url-missing": Advice(
        "The server answered, and does not have what was asked for: a moved or deleted file, or "
        "a version that was never released. Running again does not help.",
        ("Open the address; correct the version or the path.",),
        ("git grep -n 'http' -- .github Dockerfile '*.sh' '*.yml'",),
    ),
    "certificate": Advice(
        "The certificate of the server is not trusted: self-signed, expired, or the CA of the "
        "company's proxy is not installed.",
        ("Install the CA in the image, or renew the certificate; do not switch the check off.",),
        ("update-ca-certificates", "date"),
    ),
    "browser-missing": Advice(
        "The browser that drives the tests is not installed, or another version.",
        ("Install the browsers in a step before the tests.",),
        ("npx playwright install --with-deps", "npx playwright --version"),
        "Cache the browsers under the version of the driver.",
    ),
    "docker-daemon": Advice(
        "No Docker daemon answers where the job runs.",
        ("Add the docker-in-docker service, or use a runner that has Docker.",),
        ("docker info",),
    ),
    "out-of-memory": Advice(
        "The process needed more memory than it may have.",
        (
            "Lower parallelism, or give the runner or the heap more memory.",
            "If it worked before, look for what grew.",
        ),
        ("free -m", "cat /sys/fs/cgroup/memory.max"),
    ),
    "node-heap": Advice(
        "Node reached the limit of its heap.",
        ("Give the heap more memory, or look for what grew.",),
        ("export NODE_OPTIONS=--max-old-space-size=4096",),
    ),
    "java-heap": Advice(
        "The Java virtual machine reached the limit of its heap.",
        ("Raise -Xmx for the process that failed (Maven, Gradle daemon, or the forked tests).",),
        ("export MAVEN_OPTS=-Xmx3g", "export GRADLE_OPTS=-Xmx3g"),
    ),
    "killed": Advice(
        "Something ended the process from outside, most often the kernel for want of memory.",
        ("Check the memory limit of the runner or container.",),
        ("dmesg | grep -i -m5 'killed process'", "free -m"),
    ),
    "disk-full": Advice(
        "The disk of the runner is full.",
        ("Remove caches and images the job does not need, or use a larger disk.",),
        ("df -h; docker system df",),
    ),
    "rate-limit": Advice(
        "A service answered that it was asked too often.",
        ("Authenticate, cache, or wait until the limit resets.",),
        ("gh api rate_limit",),
    ),
    "runner-time-limit": Advice(
        "The job or a command in it ran longer than it may.",
        ("Look for the step that hung; compare its time with the last green run.",),
        (),
        "Give long steps a time limit of their own, so that the hanging one is named.",
    ),
}

ANY = Advice(
    "The machine lacks something the job needs.",
    ("Compare the image or the runner's version with the last green run.",),
    ("git log --oneline -5 -- .github .gitlab-ci.yml Jenkinsfile '*Dockerfile*'",),
    "Pin the image by digest and the runner by version.",
)

NETWORK = Advice(
    "The network, a remote service or the runner failed. Transient is suspected, not proved.",
    ("Run the failed jobs again once.", "If it returns, check the service's status."),
    (),
    "Cache downloads, and retry single downloads rather than whole jobs.",
)
