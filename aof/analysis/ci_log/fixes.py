"""What to try for a recognised failure: why it happens, what to do, and commands to run.

The entries named in the specification's pattern library are all here, in our words.
"""

from __future__ import annotations

from dataclasses import dataclass

from aof.analysis.ci_log.records import Category


@dataclass(frozen=True, slots=True)
class Advice:
    """`cause` explains, `steps` say what to do, `commands` show or repair it.

    `{file}`, `{line}` in a command stand for the location; a command whose place is not
    known is left out. `prevention` is what keeps it from coming back.
    """

    cause: str
    steps: tuple[str, ...]
    commands: tuple[str, ...] = ()
    prevention: str = ""

    def runnable(self, file: str | None, line: int | None) -> tuple[str, ...]:
        """The commands, with the location filled in."""
        known = {"{file}": file or "", "{line}": "" if line is None else str(line)}
        missing = [mark for mark, value in known.items() if not value]
        return tuple(
            command.replace("{file}", known["{file}"]).replace("{line}", known["{line}"])
            for command in self.commands
            if not any(mark in command for mark in missing)
        )


def advice(fix_id: str, category: Category) -> Advice | None:
    """Advice for a rule or a family of rules, else for the category; None without either."""
    return _BY_RULE.get(fix_id) or _BY_CATEGORY.get(category)


_HISTORY = "git log --oneline -5 -- {file}"
_BLAME = "git blame -L {line},{line} {file}"

_BY_RULE: dict[str, Advice] = {
    "test-failure": Advice(
        "A test saw another result than it expects: the code, or what the test assumes, changed.",
        ("Run the one test locally.", "Decide whether the code or the expectation is wrong."),
        (_HISTORY, _BLAME),
        "Run the tests of changed modules before pushing.",
    ),
    "compile": Advice(
        "The compiler refuses the source: a name, a type or the syntax does not fit.",
        ("Fix the first error; later ones often follow from it.",),
        (_HISTORY, _BLAME),
        "Compile in a pre-push hook, or require the branch to be up to date before merging.",
    ),
    "rust-compile": Advice(
        "rustc refuses the source. A borrow error is an ownership or lifetime conflict in new "
        "code; mismatched types usually follow a changed signature.",
        ("Ask rustc for the long explanation of the code.", "Check what the signature is now."),
        ("cargo check", _HISTORY),
    ),
    "typescript": Advice(
        "The type checker refuses the source, often after a dependency's types changed.",
        ("Fix the first error.", "Compare the versions of @types packages in the lock file."),
        ("npx tsc --noEmit", _HISTORY),
    ),
    "link": Advice(
        "The linker cannot find a symbol or a library: it is not built, installed or named.",
        ("Check that the library is installed in the image and named in the link line.",),
        ("ldconfig -p | grep NAME",),
    ),
    "npm-peer-deps": Advice(
        "Two packages ask for versions of a third that exclude each other.",
        (
            "Move the packages to versions that agree.",
            "As a stopgap, install with --legacy-peer-deps.",
        ),
        ("npm explain PACKAGE", "npm ci --legacy-peer-deps"),
        "Let a bot update packages that belong together in one pull request.",
    ),
    "npm-lockfile": Advice(
        "package.json and package-lock.json do not describe the same packages.",
        ("Write the lock file again and commit it.",),
        ("npm install --package-lock-only", "git add package-lock.json"),
        "Commit the lock file with every change of package.json.",
    ),
    "npm-environment": Advice(
        "npm may not write where it wants to, or the Node version does not fit.",
        ("Use npm ci, not sudo npm.", "Check the owner of ~/.npm and node_modules."),
        ("ls -ld ~/.npm node_modules", "node --version"),
    ),
    "npm-engine": Advice(
        "A package demands another version of Node, npm or the platform than the job has.",
        ("Set the version of Node in the job to what `engines` demands.",),
        ("node --version", "npm pkg get engines"),
        "Keep the version in .nvmrc and let the job read it.",
    ),
    "npm-not-found": Advice(
        "The registry does not have this package or version, or it is private.",
        ("Check the name, the version and the registry of its scope in .npmrc.",),
        ("npm view PACKAGE versions",),
    ),
    "yarn-lockfile": Advice(
        "yarn.lock does not fit package.json, and the job may not change it.",
        ("Install locally and commit yarn.lock.",),
        ("yarn install", "git add yarn.lock"),
    ),
    "pnpm-lockfile": Advice(
        "pnpm-lock.yaml does not fit package.json, and the job may not change it.",
        ("Install locally and commit pnpm-lock.yaml.",),
        ("pnpm install --lockfile-only", "git add pnpm-lock.yaml"),
    ),
    "node-module-missing": Advice(
        "A module is imported that is not installed, or under a path that does not exist.",
        ("Add the package to package.json, or correct the path; case counts on Linux.",),
        ("npm ls MODULE", "npm install MODULE"),
    ),
    "python-module-missing": Advice(
        "A module is imported that is not installed: it misses in the requirements, or the "
        "import is circular or lacks an __init__.py.",
        ("Add it to the requirements or the extra that CI installs.",),
        ("python -m pip show MODULE", "python -m pip install MODULE"),
        "Install CI from the same lock file as development.",
    ),
    "pip-no-version": Advice(
        "No release fits: the name or version is wrong, or none supports this Python.",
        ("Look at the versions pip lists after `from versions:`.", "Check the Python version."),
        ("python --version", "python -m pip index versions PACKAGE"),
    ),
    "pip-conflict": Advice(
        "Two requirements exclude each other.",
        ("Pin versions that agree, in a fresh virtual environment.",),
        ("python -m pip check",),
    ),
    "cargo-dependency": Advice(
        "Cargo cannot find or choose a crate.",
        ("Check the name and version in Cargo.toml, and that the registry is reachable.",),
        ("cargo update --dry-run", "git diff HEAD~1 -- Cargo.lock"),
    ),
    "go-module": Advice(
        "go.mod and go.sum do not cover what the code imports.",
        ("Tidy the module and commit both files.",),
        ("go mod tidy", "git add go.mod go.sum"),
    ),
    "maven-dependency": Advice(
        "An artifact is in none of the configured repositories, or one could not be reached.",
        ("Check coordinates and repositories.", "Ask Maven again for failed downloads."),
        ("mvn -U dependency:resolve",),
    ),
    "gradle-dependency": Advice(
        "A dependency is in none of the declared repositories.",
        ("Check coordinates and the repositories block.",),
        ("./gradlew dependencies --refresh-dependencies",),
    ),
    "docker-copy": Advice(
        "COPY names a file that is not in the build context: the path is wrong, .dockerignore "
        "excludes it, or --from names a stage that does not have it.",
        ("Compare the path with the context directory and .dockerignore.",),
        ("cat .dockerignore",),
        "Order layers so that files that change often are copied last.",
    ),
    "docker-build": Advice(
        "A RUN step of the Dockerfile failed; its own output says why.",
        ("Build up to the failing stage with plain progress.",),
        ("docker build --progress=plain --no-cache .",),
    ),
    "docker-daemon": Advice(
        "No Docker daemon answers where the job runs.",
        ("Add the docker-in-docker service, or use a runner that has Docker.",),
        ("docker info",),
    ),
    "registry-auth": Advice(
        "The registry refuses these credentials, or there were none.",
        ("Log in before pulling or pushing; check the token's scope and expiry.",),
        ("docker login REGISTRY",),
    ),
    "kubernetes-pod": Advice(
        "Pods do not become ready. ImagePullBackOff: image name, tag or pull secret. "
        "CrashLoopBackOff: the container exits. Pending: no node fits.",
        ("Read the pod's events, then the log of its last container.",),
        ("kubectl describe pod POD", "kubectl logs POD --previous"),
    ),
    "kubernetes-rollout": Advice(
        "The rollout did not finish in time; a pod of the new version did not become ready.",
        ("Look at the events of the new pods.",),
        ("kubectl get events --sort-by=.lastTimestamp", "kubectl rollout status deploy/NAME"),
    ),
    "command-missing": Advice(
        "The job calls a command that is not installed, or not on PATH.",
        ("Install it in the image or a step before, or correct PATH.",),
        ('command -v COMMAND; echo "$PATH"',),
    ),
    "permission": Advice(
        "The job may not do this: the mode or the owner of a file, or a missing right.",
        ("Set the executable bit in Git, or correct owner and mount.",),
        ("git update-index --chmod=+x FILE", "ls -l FILE"),
    ),
    "file-missing": Advice(
        "A file the job needs is not there: not checked out, not built, or another directory.",
        ("Check the working directory, earlier steps and downloaded artifacts.",),
        ("pwd; ls -la",),
    ),
    "out-of-memory": Advice(
        "The process needed more memory than it may have.",
        (
            "Lower parallelism, or give the runner or the heap more memory.",
            "If it worked before, look for what grew.",
        ),
        ("free -m", "export NODE_OPTIONS=--max-old-space-size=4096"),
    ),
    "killed": Advice(
        "Something ended the process from outside, most often the kernel for want of memory.",
        ("Check the memory limit of the runner or container.",),
        ("dmesg | grep -i -m5 'killed process'",),
    ),
    "disk-full": Advice(
        "The disk of the runner is full.",
        ("Remove caches and images the job does not need, or use a larger disk.",),
        ("df -h; docker system df",),
    ),
    "crash": Advice(
        "The program crashed.",
        ("Run the test under a debugger or a sanitizer.",),
        (),
    ),
    "rate-limit": Advice(
        "A service answered that it was asked too often.",
        ("Authenticate, cache, or wait until the limit resets.",),
    ),
    "lint": Advice(
        "A rule of the linter is violated.",
        ("Let the linter correct what it can, and correct the rest.",),
        (_BLAME,),
        "Run the linters in a pre-commit hook.",
    ),
    "format": Advice(
        "A file is not formatted as the formatter would.",
        ("Run the formatter and commit.",),
        (),
        "Format on commit.",
    ),
    "spelling": Advice(
        "The spelling checker knows another word for this one.",
        ("Correct the word, or add it to the list of words to ignore.",),
        ("codespell --write-changes {file}",),
    ),
    "documentation": Advice(
        "The documentation is built with warnings as errors, and a reference or page is wrong.",
        ("Correct the reference, or add the page it names.",),
        (_HISTORY,),
        "Build the documentation in pull requests.",
    ),
    "migrations": Advice(
        "The models and the migrations in the repository do not fit each other.",
        (
            "Make the missing migration, or merge the heads, and commit the file.",
            "After a rebase, check that the newest migration still follows the last one.",
        ),
        (
            "python manage.py makemigrations && git status --short",
            "alembic heads && alembic merge heads -m merge",
        ),
    ),
    "pre-commit": Advice(
        "A hook failed or changed files.",
        ("Run the hooks on all files and commit what they change.",),
        ("pre-commit run --all-files",),
    ),
    "types": Advice(
        "The type checker found a contradiction.",
        ("Correct the annotation or the call.",),
        (_BLAME,),
    ),
    "generated": Advice(
        "Generated files in the repository are older than what they are generated from.",
        ("Generate them again and commit.",),
        ("git status --short",),
    ),
    "service-not-ready": Advice(
        "A service the test needs did not answer: not started, not ready, or another address.",
        ("Wait for its health check before the tests.",),
        (),
        "Declare a health check and wait for it instead of sleeping.",
    ),
    "git-reference": Advice(
        "The branch, tag or commit does not exist (any more), or the checkout is shallow.",
        ("Check the name; fetch with full history when older commits are needed.",),
        ("git ls-remote origin", "git fetch --unshallow --tags"),
    ),
    "git-auth": Advice(
        "The remote refuses these credentials, or there were none.",
        ("Check the token's scope, the deploy key, and that the secret reaches this job.",),
        ("git ls-remote origin HEAD",),
    ),
    "coverage-threshold": Advice(
        "The tests cover less than the project demands.",
        ("Cover the new code, or discuss the threshold.",),
    ),
    "runner-time-limit": Advice(
        "The job ran longer than it may.",
        ("Look for the step that hung; compare its time with the last green run.",),
        (),
        "Give long steps a time limit of their own, so that the hanging one is named.",
    ),
}

_BY_CATEGORY: dict[Category, Advice] = {
    Category.COMPILE: _BY_RULE["compile"],
    Category.DEPENDENCY: Advice(
        "A dependency cannot be found, or versions exclude each other.",
        ("Compare the lock files with the last green commit.",),
        ("git diff LAST_GREEN HEAD -- '*lock*' go.sum",),
        "Install from a lock file, and update it in pull requests of its own.",
    ),
    Category.ENVIRONMENT: Advice(
        "The machine lacks something the job needs.",
        ("Compare the image or the runner's version with the last green run.",),
        (),
        "Pin the image by digest and the runner by version.",
    ),
    Category.UNIT_TEST: _BY_RULE["test-failure"],
    Category.INTEGRATION_TEST: Advice(
        "Parts that work alone do not work together: a service was not ready or behaves otherwise.",
        ("Check the logs of the services first.", "Wait for health checks before the tests."),
        (_HISTORY,),
        "Wait for readiness instead of a fixed time.",
    ),
    Category.TIMEOUT: _BY_RULE["runner-time-limit"],
    Category.OOM_RESOURCE: _BY_RULE["out-of-memory"],
    Category.CONFIG: Advice(
        "A setting is missing or wrong: a name, a value, a secret or a right.",
        ("Compare the configuration with the last green commit.",),
        ("git diff LAST_GREEN HEAD -- .github .gitlab-ci.yml Jenkinsfile",),
        "Check configuration in the pull request (schema, dry run).",
    ),
    Category.LINT: _BY_RULE["lint"],
    Category.DEPLOY: Advice(
        "The target refused the change or did not become healthy.",
        ("Read the events of the target; roll back when users are affected.",),
    ),
    Category.NETWORK_INFRA: Advice(
        "The network, a remote service or the runner failed. Transient is suspected, not proved.",
        ("Run the failed jobs again once.", "If it returns, check the service's status."),
        (),
        "Cache downloads, and retry single downloads rather than whole jobs.",
    ),
}
