"""Python packaging: pip, uv, Poetry, Pipenv, Conda, tox, nox, twine, setuptools."""

from __future__ import annotations

from aof.analysis.ci_log.records import Category
from aof.analysis.ci_log.rules.rule import Rule

RULES = (
    Rule(
        "pip-no-version",
        Category.DEPENDENCY,
        85,
        (
            "Could not find a version that satisfies",
            "No matching distribution found",
            "Could not find any downloads",
            "No distributions at all found",
            "No distributions matching",
        ),
        r"Could not find a version that satisfies the requirement (?P<message>.*)"
        r"|No matching distribution found for .*"
        r"|Could not find any downloads that satisfy|No distributions (?:at all found|matching)",
        pick="first",
    ),
    Rule(
        "pip-unreachable",
        Category.NETWORK_INFRA,
        87,
        ("WARNING: Retrying (",),
        r"^WARNING: Retrying \(Retry\(total=0.*'(?P<message>(?:New|Name|Connect|Read|SSL|Proxy"
        r"|Protocol)\w*.*)",
        needs=r"\(from versions: none\)|Could not install packages due to an OSError",
        reach=12,
        pick="last",
    ),
    Rule(
        "pip-hash",
        Category.DEPENDENCY,
        86,
        ("THESE PACKAGES DO NOT MATCH", "require their versions to be pinned"),
        r"THESE PACKAGES DO NOT MATCH THE HASHES|require their versions to be pinned with ==",
    ),
    Rule(
        "pip-conflict",
        Category.DEPENDENCY,
        85,
        (
            "conflicting dependencies",
            "ResolutionImpossible",
            "VersionConflict",
            "DistributionNotFound",
            "ContextualVersionConflict",
            "requirement conflicts",
            "inconsistent version",
        ),
        r"ERROR: Cannot install .{0,300} because these package versions have conflict"
        r"|ResolutionImpossible"
        r"|(?:Contextual)?VersionConflict: "
        r"|DistributionNotFound: "
        r"|Requested \S+ from \S+ has inconsistent version",
    ),
    Rule(
        "pip-python-version",
        Category.ENVIRONMENT,
        85,
        (
            "requires a different Python",
            "externally-managed-environment",
            "requires Python ",
            "python_requires",
            "InterpreterNotFound",
            "No interpreter found",
        ),
        r"requires a different Python: .*|externally-managed-environment|InterpreterNotFound"
        r"|No interpreter found for"
        r"|ERROR: Package .{0,300} requires Python",
    ),
    Rule(
        "pip-requirements",
        Category.CONFIG,
        84,
        (
            "Could not open requirements file",
            "Invalid requirement",
            "is not a valid editable requirement",
            "does not appear to be a Python project",
            "neither 'setup.py' nor 'pyproject.toml'",
            "Directory '",
            "Expected package name at",
        ),
        r"Could not open requirements file|Invalid requirement: .*"
        r"|is not a valid editable requirement"
        r"|does not appear to be a Python project"
        r"|[Nn]either 'setup\.py' nor 'pyproject\.toml' found"
        r"|Directory '.{0,300}' is not installable",
    ),
    Rule(
        "pip-network",
        Category.NETWORK_INFRA,
        86,
        (
            "ReadTimeoutError",
            "Could not fetch URL",
            "HTTPSConnectionPool",
            "ERROR: HTTP error",
            "IncompleteRead",
            "CondaHTTPError",
            "ConnectTimeoutError",
            "NewConnectionError",
            "Failed to fetch:",
        ),
        r"(?:Read|Connect)TimeoutError|Could not fetch URL|HTTPSConnectionPool\(.{0,300}Max retries"
        r"|^ERROR: HTTP error|IncompleteRead"
        r"|CondaHTTPError|NewConnectionError|error: Failed to fetch: ",
        unless=r"Retrying|^WARNING",
        pick="last",
    ),
    Rule(
        "pip-build",
        Category.DEPENDENCY,
        64,
        (
            "subprocess-exited-with-error",
            "metadata-generation-failed",
            "Failed building wheel for",
            "Could not build wheels",
            "legacy-install-failure",
            "Failed to build installable wheels",
            "error: command '",
            "setup.py egg_info",
            "Failed to build `",
            "Getting requirements to build wheel did not",
            "failed with error code",
        ),
        r"error: subprocess-exited-with-error|metadata-generation-failed"
        r"|ERROR: Failed building wheel for|Could not build wheels for"
        r"|legacy-install-failure|Failed to build installable wheels"
        r"|^\s*error: command '.*' failed|setup\.py egg_info.{0,300} failed"
        r"|Failed to build `.{0,300}`|Command \".{0,300}\" failed with error code",
        pick="first",
    ),
    Rule(
        "python-lockfile",
        Category.DEPENDENCY,
        85,
        (
            "version solving failed",
            "changed significantly since",
            "SolverProblemError",
            "is not compatible with some of the",
            "installation candidates for",
            "No solution found when resolving",
            "needs to be updated, but",
            "Pipfile.lock (",
            "ResolutionFailure",
            "out of date",
            "poetry.lock is not up to date",
            "requirements are unsatisfiable",
        ),
        r"version solving failed|changed significantly since \S*lock|SolverProblemError"
        r"|is not compatible with some of the required packages"
        r"|Unable to find installation candidates for|[Ll]ock ?file .{0,300}needs to be"
        r" updated, but"
        r"|Your Pipfile\.lock \(\w+\) is out of date"
        r"|ResolutionFailure|poetry\.lock is not up to date|requirements are unsatisfiable",
    ),
    Rule(
        "uv-resolution",
        Category.DEPENDENCY,
        85,
        ("No solution found when resolving",),
        r"No solution found when resolving",
        key=r"^\s*(?:╰─▶|-> |cause: )\s*(?P<message>.*)",
        key_optional=True,
        reach=2,
    ),
    Rule(
        "conda",
        Category.DEPENDENCY,
        85,
        (
            "ResolvePackageNotFound",
            "PackagesNotFoundError",
            "UnsatisfiableError",
            "LibMambaUnsatisfiable",
            "nothing provides",
        ),
        r"ResolvePackageNotFound|PackagesNotFoundError"
        r"|(?:Lib[Mm]amba)?[Uu]nsatisfiable(?:Error)?: .*|nothing provides .{0,300} needed by",
    ),
    Rule(
        "python-environment",
        Category.ENVIRONMENT,
        83,
        (
            "error: invalid command '",
            "can't open file",
            "Failed to spawn",
            "No module named pip",
            "invalid choice: '",
            "ensurepip is not available",
        ),
        r"error: invalid command '\w+'|python\S{0,30}: can't open file '(?P<file>[^']+)'"
        r"|error: Failed to spawn: `|No module named pip\b"
        r"|ensurepip is not available",
    ),
    Rule(
        "package-upload",
        Category.DEPLOY,
        85,
        (
            "File already exists",
            "403 Forbidden from",
            "400 Bad Request from",
            "cannot publish over",
            "InvalidDistribution",
            "You cannot publish over",
            "is already uploaded",
            "already exists on crates.io",
            "Invalid or non-existent authentication",
        ),
        r"File already exists|HTTPError: 4\d\d .{0,300} from https?://"
        r"|cannot publish over the previously published|InvalidDistribution"
        r"|is already uploaded|already exists on crates|Invalid or non-existent authentication",
    ),
    Rule(
        "tox-wrapper",
        Category.UNKNOWN,
        30,
        (
            "InvocationError for command",
            "FAIL code",
            "nox > Session",
            "nox > Command",
            "commands failed",
        ),
        r"InvocationError for command|: FAIL code \d|nox > (?:Session .{0,300} failed"
        r"|Command .{0,300} failed)|ERROR: .{0,300}commands failed",
        pick="first",
    ),
)
