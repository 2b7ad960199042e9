"""Advice for compilers, linkers, build tools and images."""

from __future__ import annotations

from aof.analysis.ci_log.fixes.advice import BLAME, HISTORY, Advice

ADVICE: dict[str, Advice] = {
    "compile": Advice(
        "The compiler refuses the source: a name, a type or the syntax does not fit.",
        ("Fix the first error; later ones often follow from it.",),
        (HISTORY, BLAME),
        "Compile in a pre-push hook, or require the branch to be up to date before merging.",
    ),
    "header-missing": Advice(
        "A header is not found: the library's development package is not installed, or its "
        "directory is not in the include path.",
        ("Install the development package in the image, or add the include path.",),
        ("apt-file search {subject}", "pkg-config --list-all"),
        "Keep system packages of the build in one list that the image installs.",
        subject=r"error: \W?([\w./+-]{1,100}): No such file|'([\w./+-]{1,100})' file not found",
    ),
    "rust-compile": Advice(
        "rustc refuses the source. A borrow error is an ownership or lifetime conflict in new "
        "code; mismatched types usually follow a changed signature.",
        ("Ask rustc for the long explanation of the code.", "Check what the signature is now."),
        ("rustc --explain {subject}", "cargo check", HISTORY),
        subject=r"error\[(E\d{4})\]",
    ),
    "typescript": Advice(
        "The type checker refuses the source, often after a dependency's types changed.",
        ("Fix the first error.", "Compare the versions of @types packages in the lock file."),
        ("npx tsc --noEmit", HISTORY),
    ),
    "go-compile": Advice(
        "The Go compiler refuses the source.",
        ("Fix the first error; check what the package exports now.",),
        ("go vet ./...", HISTORY, BLAME),
    ),
    "link": Advice(
        "The linker cannot find a symbol or a library: it is not built, installed or named.",
        ("Check that the library is installed in the image and named in the link line.",),
        ("ldconfig -p | grep {subject}", "git grep -n {subject}"),
        subject=r"cannot find -l([\w+.-]{1,80})|undefined reference to [`']([\w:~]{1,80})",
    ),
    "cmake": Advice(
        "CMake cannot configure the project.",
        ("Read the message; then the end of CMakeFiles/CMakeConfigureLog.yaml.",),
        ("cmake --version", "cmake -S . -B build --fresh"),
    ),
    "cmake-package": Advice(
        "CMake does not find a package: it is not installed, or not where CMake looks.",
        (
            "Install its development package in the image.",
            "Or name its place in CMAKE_PREFIX_PATH.",
        ),
        ("cmake -S . -B build --debug-find-pkg={subject}",),
        subject=r"Find(\w{1,60})\.cmake|provided by \"(\w{1,60})\"|Could NOT find (\w{1,60})",
    ),
    "make-missing-rule": Advice(
        "make knows no rule for a target: a file is missing, or the name is wrong.",
        ("Check the target's name and that earlier steps made the file.",),
        ("make --print-data-base --question | grep {subject}", "git log --oneline -5 -- Makefile"),
        subject=r"make target [`']([\w./+-]{1,100})'",
    ),
    "gradle": Advice(
        "Gradle stopped; the cause is the last line of `What went wrong`.",
        ("Run the failing task alone, with its stack trace.",),
        ("./gradlew build --stacktrace", "git log --oneline -5 -- '*.gradle*'"),
    ),
    "docker-copy": Advice(
        "COPY names a file that is not in the build context: the path is wrong, .dockerignore "
        "excludes it, or --from names a stage that does not have it.",
        ("Compare the path with the context directory and .dockerignore.",),
        ("cat .dockerignore", "git ls-files | grep {subject}"),
        subject=r"\"/?([\w./+-]{1,100})\": not found",
    ),
    "docker-build": Advice(
        "A RUN step of the Dockerfile failed; its own output says why.",
        ("Build up to the failing stage with plain progress.",),
        ("docker build --progress=plain --no-cache .",),
    ),
}
