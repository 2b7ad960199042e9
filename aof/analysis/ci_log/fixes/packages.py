"""Advice for package managers: resolution, lock files, registries, modules that are missing."""

from __future__ import annotations

from aof.analysis.ci_log.fixes.advice import Advice

_NAME = r"([A-Za-z0-9@][\w.@/-]{0,100})"

ADVICE: dict[str, Advice] = {
    "npm-peer-deps": Advice(
        "Two packages ask for versions of a third that exclude each other.",
        (
            "Move the packages to versions that agree.",
            "As a stopgap, install with --legacy-peer-deps.",
        ),
        ("npm ls --all | grep -i 'invalid\\|unmet'", "npm ci --legacy-peer-deps"),
        "Let a bot update packages that belong together in one pull request.",
    ),
    "npm-lockfile": Advice(
        "package.json and package-lock.json do not describe the same packages.",
        ("Write the lock file again and commit it.",),
        ("npm install --package-lock-only", "git add package-lock.json"),
        "Commit the lock file with every change of package.json.",
    ),
    "npm-environment": Advice(
        "npm may not write where it wants to.",
        ("Use npm ci, not sudo npm.", "Check the owner of ~/.npm and node_modules."),
        ("ls -ld ~/.npm node_modules",),
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
        ("npm view {subject} versions", "npm config get registry"),
        subject=rf"(?:GET \S+/|'){_NAME}",
    ),
    "npm-script": Advice(
        "package.json has no such script, or npm cannot read package.json.",
        ("Compare the name in the job with the scripts of package.json.",),
        ("npm run",),
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
        ("npm ls {subject}", "git grep -n {subject}"),
        subject=rf"(?:module|package|resolve|resolve import) ['\"]{_NAME}['\"]"
        r"|(?:module|resolve) ['\"](\.{1,2}/[\w./-]{1,100})['\"]",
    ),
    "python-module-missing": Advice(
        "A module is imported that is not installed: it misses in the requirements, or the "
        "import is circular or lacks an __init__.py.",
        ("Add it to the requirements or the extra that CI installs.",),
        ("python -m pip show {subject}", "git grep -n {subject} -- '*require*' '*.toml' '*.cfg'"),
        "Install CI from the same lock file as development.",
        subject=r"No module named '?([A-Za-z_]\w{0,80})",
    ),
    "python-import-name": Advice(
        "The module is there and does not have the name: another version, a renamed or removed "
        "function, or a circular import.",
        ("Compare the installed version with the lock file.", "Look for an import back."),
        ("git log --oneline -5 -S {subject}", "git grep -n {subject}"),
        subject=r"cannot import name '(\w{1,80})'",
    ),
    "pip-no-version": Advice(
        "No release fits: the name or version is wrong, or none supports this Python.",
        ("Look at the versions pip lists after `from versions:`.", "Check the Python version."),
        ("python --version", "python -m pip index versions {subject}"),
        subject=rf"(?:requirement|found for) {_NAME}",
    ),
    "pip-nothing-found": Advice(
        "pip found nothing of that name that it may install: the name is wrong, the index it asked "
        "does not have it, or every release demands another Python.",
        ("Check the spelling, and which index the job asks.", "Check the Python version."),
        ("python --version", "python -m pip index versions {subject}", "python -m pip config list"),
        subject=rf"(?:requirement|found for) {_NAME}",
    ),
    "pip-conflict": Advice(
        "Two requirements exclude each other.",
        ("Pin versions that agree, in a fresh virtual environment.",),
        ("python -m pip install --dry-run -r requirements.txt", "python -m pip check"),
    ),
    "pip-hash": Advice(
        "A file that pip downloaded does not have the hash the requirements name.",
        (
            "Find out why before trusting it: a release was replaced, or a mirror is wrong.",
            "Then write the hashes again.",
        ),
        ("pip-compile --generate-hashes",),
    ),
    "pip-python-version": Advice(
        "The package does not support the Python of this job, or the system refuses installs.",
        ("Set the version of Python in the job, or install into a virtual environment.",),
        ("python --version", "python -m venv .venv && .venv/bin/python -m pip install ."),
    ),
    "python-lockfile": Advice(
        "The lock file does not fit pyproject.toml, or no set of versions fits all demands.",
        ("Lock again locally, resolve what conflicts, and commit the lock file.",),
        ("poetry lock", "uv lock"),
        "Commit the lock file with every change of pyproject.toml.",
    ),
    "uv-resolution": Advice(
        "No set of versions fits all demands.",
        ("Widen the demand that the explanation names last.",),
        ("uv lock --upgrade", "uv tree"),
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
    "bundler": Advice(
        "Bundler finds no gem that fits Gemfile and Gemfile.lock.",
        ("Bundle locally and commit Gemfile.lock; check the sources in the Gemfile.",),
        ("bundle install", "bundle outdated"),
    ),
    "ruby-load-error": Advice(
        "A file is required that no installed gem and no path of this project provides.",
        ("Add the gem to the Gemfile, or correct the path.",),
        ("bundle exec gem which {subject}",),
        subject=r"cannot load such file -- ([\w./-]{1,100})",
    ),
    "composer-platform": Advice(
        "A package demands another PHP version or an extension that is not installed.",
        ("Set the PHP version of the job, or install the extension.",),
        ("php --version", "composer check-platform-reqs"),
    ),
    "apt-package": Advice(
        "The package is in none of the lists apt has: the lists are old, or the release has it "
        "under another name.",
        ("Update the lists in the same step; check the name for this release.",),
        ("apt-get update", "apt-cache policy {subject}", "cat /etc/os-release"),
        subject=r"(?:locate package|candidate for|package)s? '?([a-z0-9][\w.+-]{1,80})",
    ),
    "checksum": Advice(
        "A file does not have the checksum the project names.",
        (
            "Find out why before trusting it: an incomplete download, or a replaced release.",
            "Then update the checksum.",
        ),
        ("sha256sum {file}",),
    ),
}

ANY = Advice(
    "A dependency cannot be found, or versions exclude each other.",
    ("Compare the lock files with the last green commit.",),
    (
        "git diff LAST_GREEN HEAD -- '*lock*' go.sum '*requirements*'",
        "git log --oneline -5 -- '*lock*' go.sum '*requirements*'",
    ),
    "Install from a lock file, and update it in pull requests of its own.",
)
