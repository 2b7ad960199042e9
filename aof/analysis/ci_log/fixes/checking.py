"""Advice for linters, formatters, type checkers and gates on quality."""

from __future__ import annotations

from aof.analysis.ci_log.fixes.advice import BLAME, HISTORY, Advice


def _lint(*commands: str) -> Advice:
    return Advice(
        "A rule of the linter is violated.",
        ("Let the linter correct what it can, and correct the rest.",),
        (*commands, BLAME),
        "Run the linters in a pre-commit hook.",
    )


def _format(*commands: str) -> Advice:
    return Advice(
        "A file is not formatted as the formatter would.",
        ("Run the formatter and commit.",),
        commands,
        "Format on commit.",
    )


def _types(*commands: str) -> Advice:
    return Advice(
        "The type checker found a contradiction.",
        ("Correct the annotation or the call.",),
        (*commands, BLAME),
    )


ADVICE: dict[str, Advice] = {
    "lint": _lint(),
    "ruff": _lint("ruff check --fix {file}"),
    "flake8": _lint("flake8 {file}"),
    "pylint": _lint("pylint {file}"),
    "eslint": _lint("npx eslint --fix {file}"),
    "stylelint": _lint("npx stylelint --fix {file}"),
    "biome": _lint("npx biome check --write {file}"),
    "shellcheck": _lint("shellcheck {file}"),
    "markdownlint": _lint("npx markdownlint --fix {file}"),
    "yamllint": _lint("yamllint {file}"),
    "hadolint": _lint("hadolint {file}"),
    "rubocop": _lint("bundle exec rubocop --autocorrect {file}"),
    "golangci-lint": _lint("golangci-lint run --fix"),
    "clippy": _lint("cargo clippy --fix --allow-dirty"),
    "bandit": _lint("bandit {file}"),
    "ansible-lint": _lint("ansible-lint --fix {file}"),
    "sqlfluff": _lint("sqlfluff fix {file}"),
    "commitlint": Advice(
        "The commit message does not follow the convention of the project.",
        ("Rewrite the message: `type(scope): subject`.",),
        ("git commit --amend", "git rebase -i origin/HEAD"),
        "Run commitlint in a commit-msg hook.",
    ),
    "format": _format(),
    "black": _format("black {file}", "isort {file}"),
    "ruff-format": _format("ruff format"),
    "prettier": _format("npx prettier --write {file}"),
    "rustfmt": _format("cargo fmt"),
    "gofmt": _format("gofmt -w {file}"),
    "types": _types(),
    "mypy": _types("mypy {file}"),
    "pyright": _types("pyright {file}"),
    "pre-commit": Advice(
        "A hook failed or changed files.",
        ("Run the hooks on all files and commit what they change.",),
        ("pre-commit run --all-files",),
    ),
    "generated": Advice(
        "Generated files in the repository are older than what they are generated from.",
        ("Generate them again and commit.",),
        ("git status --short", "git diff --stat"),
        "Generate in a hook, or check it in the pull request.",
    ),
    "spelling": Advice(
        "The spelling checker knows another word for this one.",
        ("Correct the word, or add it to the list of words to ignore.",),
        ("codespell --write-changes {file}",),
    ),
    "documentation": Advice(
        "The documentation is built with warnings as errors, and a reference or page is wrong.",
        ("Correct the reference, or add the page it names.",),
        (HISTORY,),
        "Build the documentation in pull requests.",
    ),
    "coverage-threshold": Advice(
        "The tests cover less than the project demands.",
        ("Cover the new code, or discuss the threshold.",),
        ("python -m coverage report --show-missing --skip-covered", "npx jest --coverage"),
        "Show the coverage of changed lines in the pull request.",
    ),
}
