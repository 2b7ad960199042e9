"""Git: references, remotes, credentials, submodules, large files."""

from __future__ import annotations

from aof.analysis.ci_log.records import Category
from aof.analysis.ci_log.rules.rule import Rule

RULES = (
    Rule(
        "git-reference",
        Category.CONFIG,
        84,
        (
            "couldn't find remote ref",
            "does not appear to be a git repository",
            "fatal: repository '",
            "Couldn't find remote ref",
            "emote branch",
            "pathspec '",
            "reference is not a tree",
            "ambiguous argument",
            "not our ref",
            "No url found for submodule",
            "unknown revision or path",
            "is not a valid ref",
            "bad object",
            "bad revision",
            "no merge base",
            "refusing to merge unrelated",
        ),
        r"[Cc]ouldn't find remote ref|does not appear to be a git repository"
        r"|fatal: repository '[^']{1,300}' does not exist"
        r"|[Rr]emote branch \S+ not found"
        r"|pathspec '[^']*' did not match|reference is not a tree"
        r"|ambiguous argument '[^']*'|not our ref [0-9a-f]+|No url found for submodule path"
        r"|fatal: bad (?:object|revision)|no merge base"
        r"|refusing to merge unrelated histories",
    ),
    Rule(
        "git-auth",
        Category.CONFIG,
        84,
        (
            "Authentication failed",
            "could not read Username",
            "could not read Password",
            "Permission denied (publickey",
            "Host key verification failed",
            "Repository not found",
            "GH006",
            "Protected branch",
            "GH013",
            "protected branch hook declined",
            "not allowed to push",
            "refusing to allow",
            "Write access to repository not granted",
            "Permission to ",
        ),
        r"Authentication failed for|could not read (?:Username|Password) for"
        r"|Permission denied \(publickey|Host key verification failed"
        r"|[Rr]epository not found|GH006|GH013|protected branch hook declined"
        r"|not allowed to push code|refusing to allow an? (?:OAuth|GitHub|integration|Personal)"
        r"|Write access to repository not granted|Permission to \S+ denied to",
    ),
    Rule(
        "git-network",
        Category.NETWORK_INFRA,
        84,
        (
            "RPC failed",
            "early EOF",
            "index-pack failed",
            "remote end hung up",
            "unable to access '",
            "Could not read from remote repository",
            "unexpected disconnect",
            "fetch-pack: ",
        ),
        r"error: RPC failed|fatal: (?:early EOF|index-pack failed|the remote end hung up"
        r"|unable to access '|fetch-pack: ).*|unexpected disconnect while reading"
        r"|Could not read from remote repository",
    ),
    Rule(
        "git-lfs",
        Category.OOM_RESOURCE,
        84,
        (
            "over its data quota",
            "smudge filter lfs failed",
            "exceeded its LFS budget",
            "File size limit",
            "exceeds GitHub's file size",
        ),
        r"over its data quota|smudge filter lfs failed|exceeded its LFS budget"
        r"|exceeds GitHub's file size limit",
    ),
    Rule(
        "git-rejected",
        Category.DEPLOY,
        82,
        ("[rejected]", "[remote rejected]", "failed to push some refs"),
        r"! \[(?:remote )?rejected\]|error: failed to push some refs",
        pick="first",
    ),
    Rule(
        "git-conflict",
        Category.CONFIG,
        82,
        (
            "CONFLICT (",
            "Automatic merge failed",
            "would be overwritten by",
            "could not apply",
            "patch does not apply",
            "patch failed:",
        ),
        r"^CONFLICT \(.*\): |Automatic merge failed|would be overwritten by (?:merge|checkout)"
        r"|error: could not apply|patch does not apply|error: patch failed: ",
    ),
    Rule(
        "git-ownership",
        Category.ENVIRONMENT,
        84,
        ("dubious ownership",),
        r"detected dubious ownership in repository",
    ),
    Rule(
        "git-repository",
        Category.ENVIRONMENT,
        69,
        ("not a git repository",),
        r"fatal: not a git repository",
    ),
    Rule(
        "git-fatal",
        Category.UNKNOWN,
        68,
        ("fatal: ",),
        r"^fatal: (?!\[)(?P<message>\S.*)",
        unless=r"fatal: No names found|no tag exactly matches|No such section|not a symbolic ref",
        refine=True,
    ),
)
