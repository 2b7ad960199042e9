"""npm, Yarn and pnpm: resolution, registries, scripts, engines, native builds."""

from __future__ import annotations

from aof.analysis.ci_log.records import Category
from aof.analysis.ci_log.rules.rule import Rule

_NPM = r"^npm (?:ERR!|error) (?:code |stack )?"

RULES = (
    Rule(
        "npm-resolve",
        Category.DEPENDENCY,
        84,
        ("npm ERR!", "npm error"),
        _NPM + r"(?P<message>ERESOLVE (?:unable|could not).*|notarget No matching version.*"
        r"|.*Conflicting peer dependency.*"
        r"|peer dep missing.*|EPEERINVALID.*|No compatible version found.*"
        r"|Could not resolve dependency:.*)",
        pick="first",
        trigger=("npm",),
        fix="npm-peer-deps",
    ),
    Rule(
        "npm-lockfile",
        Category.DEPENDENCY,
        85,
        ("npm ERR!", "npm error"),
        _NPM + r"(?P<message>.*can only install (?:packages when|with an existing).*"
        r"|Missing: .* from lock file"
        r"|Invalid: lock file's .*|EINTEGRITY.*|.*integrity checksum failed.*|Integrity check.*)",
        pick="first",
        trigger=("npm",),
    ),
    Rule(
        "npm-not-found",
        Category.DEPENDENCY,
        85,
        ("npm ERR!", "npm error"),
        _NPM + r"(?P<message>404 +(?:Not Found|'.*is not in|no such package).*|404 Not Found.*"
        r")",
        pick="last",
        trigger=("npm",),
    ),
    Rule(
        "npm-network",
        Category.NETWORK_INFRA,
        87,
        ("npm ERR!", "npm error"),
        _NPM + r"(?P<message>.*(?:ENOTFOUND|ETIMEDOUT|ECONNRESET|ECONNREFUSED|EAI_AGAIN"
        r"|ERR_SOCKET_TIMEOUT|network (?:timeout|request)"
        r"|50[0234] .*|E50\d|E429|SELF_SIGNED_CERT|UNABLE_TO_(?:GET|VERIFY)|CERT_).*)",
        pick="first",
        trigger=("npm",),
    ),
    Rule(
        "npm-auth",
        Category.CONFIG,
        85,
        ("npm ERR!", "npm error"),
        _NPM + r"(?P<message>(?:E401|E403|ENEEDAUTH|40[13] ).*|.*need auth.*"
        r"|.*Unable to authenticate.*)",
        pick="last",
        trigger=("npm",),
    ),
    Rule(
        "npm-script",
        Category.CONFIG,
        84,
        ("npm ERR!", "npm error", "missing script"),
        _NPM + r"(?P<message>[Mm]issing script:.*|.*Could not read package\.json.*"
        r"|enoent .*package\.json.*|EJSONPARSE.*|.*Failed to parse .{0,300}json.*"
        r"|No workspaces found.*|.*Unknown (?:option|command).*)",
        pick="first",
        trigger=("npm", "issing"),
    ),
    Rule(
        "npm-environment",
        Category.ENVIRONMENT,
        85,
        ("npm ERR!", "npm error"),
        _NPM + r"(?P<message>(?:EACCES|EPERM|EBUSY|EROFS).*|.*permission denied.*)",
        pick="first",
        trigger=("npm",),
    ),
    Rule(
        "npm-engine",
        Category.ENVIRONMENT,
        85,
        ("npm ERR!", "npm error"),
        _NPM + r"(?P<message>(?:notsup |engine )?(?:Unsupported (?:engine|platform)|Not compatible"
        r" with your).*|(?:EBADENGINE|EBADPLATFORM|ENOTSUP) \S.*)",
        pick="first",
        trigger=("npm",),
    ),
    Rule(
        "npm-any",
        Category.UNKNOWN,
        30,
        ("npm ERR!", "npm error"),
        r"^npm (?:ERR!|error) (?P<message>\S.*)",
        unless=r"A complete log|npm-debug\.log|_logs|^npm \S+ (?:errno|path|command|code ELIFE"
        r"|syscall|argv|node v|npm +v|Linux|Darwin|"
        r"Windows|cwd|Failed at the|Exit status|not ok|This is probably|Tell the author"
        r"|You can get|There is likely|node -v|Please include"
        r"|If you need|lifecycle|workspace|location|signal|dest|file )|Test failed\.",
        pick="first",
        trigger=("npm",),
    ),
    Rule(
        "npm-lifecycle",
        Category.UNKNOWN,
        26,
        ("ELIFECYCLE", "Exit status", "Lifecycle script", "Test failed.  See above"),
        r"ELIFECYCLE|npm ERR! Exit status|Lifecycle script|Test failed\.  See above",
        pick="first",
    ),
    Rule(
        "gyp",
        Category.ENVIRONMENT,
        78,
        ("gyp ERR!",),
        r"gyp ERR! (?:stack Error: |find \w+ )(?P<message>.*)",
        unless=r"`make` failed|find \w+ (?:checking|-|\*{5}|You need)",
        trigger=("gyp",),
        pick="first",
    ),
    Rule(
        "yarn-dependency",
        Category.DEPENDENCY,
        85,
        ("error ", "YN00", "present in your lockfile"),
        r"This package doesn't seem to be present in your lockfile"
        r"|^error (?P<message>(?:Couldn't find (?:any versions|package)"
        r"|Your lockfile needs to be updated|An unexpected error occurred: \"https?.*Not found"
        r"|Integrity check failed|.*no such package).*)|➤ YN00(?:28|27|35|82|18"
        r"|16): .{0,300}(?:lockfile would have been|No candidates|not found|The remote archive"
        r"|checksum).*",
        trigger=("rror", "YN00", "present in your lockfile"),
        fix="yarn-lockfile",
    ),
    Rule(
        "yarn-environment",
        Category.ENVIRONMENT,
        85,
        (
            "is incompatible with this module",
            "Found incompatible module",
            "requires Corepack",
            "defined in its package.json",
        ),
        r"The engine \"\w+\" is incompatible with this module|^error Found incompatible module"
        r"|packageManager.{0,300}yarn@.*|requires Corepack",
    ),
    Rule(
        "yarn-error",
        Category.UNKNOWN,
        72,
        ("error ", "YN0001", "Usage Error"),
        r"^error (?P<message>(?!Command failed)(?:[A-Z\"/]).*)"
        r"|➤ YN0001: .{0,300}?(?P<berry>Error.*)"
        r"|^Usage Error: .*",
        unless=r"^error (?:Command failed|TS\d)",
        refine=True,
        trigger=("rror",),
    ),
    Rule(
        "pnpm-lockfile",
        Category.DEPENDENCY,
        85,
        ("ERR_PNPM_",),
        r"ERR_PNPM_(?:OUTDATED_LOCKFILE|LOCKFILE\w{0,40}|NO_MATCHING_VERSION\w{0,40}|FETCH_404"
        r"|PEER_DEP_ISSUES|NO_LOCKFILE|FROZEN_LOCKFILE\w{0,40}"
        r"|TARBALL_INTEGRITY|WORKSPACE_PKG_NOT_FOUND|PACKAGE_NOT_FOUND)\b.*",
        fix="pnpm-lockfile",
    ),
    Rule(
        "pnpm-error",
        Category.CONFIG,
        82,
        ("ERR_PNPM_",),
        r"ERR_PNPM_(?!RECURSIVE|META_FETCH|FETCH_5)\w+.*",
        refine=True,
    ),
    Rule(
        "pnpm-network",
        Category.NETWORK_INFRA,
        86,
        ("ERR_PNPM_META_FETCH", "ERR_PNPM_FETCH_5"),
        r"ERR_PNPM_(?:META_FETCH|FETCH_5)\w*.*",
    ),
    Rule(
        "script-wrapper",
        Category.UNKNOWN,
        26,
        (
            "Command failed with exit code",
            "ERR_PNPM_RECURSIVE",
            "run failed: command",
            "lerna ERR!",
            "exited (1)",
            "Running target",
        ),
        r"Command failed with exit code|ERR_PNPM_RECURSIVE|run failed: command|lerna ERR!"
        r"|command .{0,300} exited \(\d+\)"
        r"|Running target \S+ for project .{0,300} failed",
        pick="first",
    ),
)
