"""Advice for failed tests, by framework, and for programs that end with an exception."""

from __future__ import annotations

from aof.analysis.ci_log.fixes.advice import BLAME, HISTORY, Advice


def _test(*commands: str) -> Advice:
    return Advice(
        "A test saw another result than it expects: the code, or what the test assumes, changed.",
        ("Run what failed locally.", "Decide whether the code or the expectation is wrong."),
        (*commands, HISTORY, BLAME),
        "Run the tests of changed modules before pushing.",
    )


def _exception(program: str) -> Advice:
    return Advice(
        f"A {program} ended with an exception, or reported one; its words name no class of cause.",
        (
            "Read the trace at the innermost frame of your own code.",
            "Look at the value it was given there: what is below are libraries.",
        ),
        (HISTORY, BLAME),
    )


ADVICE: dict[str, Advice] = {
    "test-failure": _test(),
    "pytest": _test("python -m pytest {tests}"),
    "unittest": _test("python -m unittest -v --failfast"),
    "jest": _test("npx jest --findRelatedTests {file}"),
    "vitest": _test("npx vitest run {file}"),
    "mocha": _test("npx mocha --bail"),
    "node-test": _test("node --test"),
    "playwright": _test("npx playwright test {file} --trace on"),
    "go-test": _test("go test -count=1 -failfast ./..."),
    "cargo-test": _test("RUST_BACKTRACE=1 cargo test"),
    "maven-test": _test("mvn -q test", "cat target/surefire-reports/*.txt"),
    "gradle-test": _test("./gradlew test --info --rerun-tasks"),
    "rspec": _test("bundle exec rspec {file}:{line}"),
    "phpunit": _test("vendor/bin/phpunit --stop-on-failure"),
    "ctest": _test("ctest --output-on-failure --stop-on-failure"),
    "exunit": _test("mix test {file}:{line}"),
    "dotnet-test": _test("dotnet test --no-build --logger 'console;verbosity=detailed'"),
    "snapshot": Advice(
        "The output differs from the stored snapshot.",
        ("Look at the difference; when it is meant, update the snapshot and commit it.",),
        ("npx jest --updateSnapshot", "npx vitest run --update", "git diff"),
    ),
    "test-timeout": Advice(
        "A test waited longer than it may: what it waits for never came, or came too late.",
        (
            "Check that callbacks and promises of the test are resolved.",
            "Only then give the test a longer limit of its own.",
        ),
        (HISTORY, BLAME),
        "Wait for the condition instead of a time.",
    ),
    "crash": Advice(
        "The program crashed: invalid memory access, a failed assertion or an abort.",
        ("Run it under a debugger or with a sanitizer; the first frame of your code counts.",),
        ("ulimit -c unlimited", HISTORY),
        "Run the tests with -fsanitize=address,undefined in one job.",
    ),
    "python-exception": _exception("Python program"),
    "node-exception": _exception("JavaScript program"),
    "java-exception": _exception("program on the JVM"),
    "python-crash": Advice(
        "The interpreter crashed, most often in a native extension.",
        (
            "Run the test named last alone, with faulthandler on.",
            "Compare the versions of packages with native code with the last green run.",
        ),
        ("python -X faulthandler -m pytest -x -p no:xdist",),
    ),
    "service-not-ready": Advice(
        "A service did not answer: not started, not ready, or another address.",
        ("Wait for its health check before the tests.", "Check host and port in the job."),
        ("docker compose ps", "ss -ltn"),
        "Declare a health check and wait for it instead of sleeping.",
    ),
    "pytest-usage": Advice(
        "pytest was called with a file, an option or a marker it does not know.",
        ("Compare the call in the job with the files and the plugins that are installed.",),
        ("python -m pytest --version --version", "python -m pytest --markers"),
    ),
    "pytest-internal": Advice(
        "pytest or one of its plugins failed before the tests ran.",
        ("Update the plugin the traceback names, or set the option it asks for.",),
        ("python -m pytest --trace-config --collect-only -q",),
        "Pin pytest and its plugins.",
    ),
}

INTEGRATION = Advice(
    "Parts that work alone do not work together: a service was not ready or behaves otherwise.",
    ("Check the logs of the services first.", "Wait for health checks before the tests."),
    ("docker compose logs --tail 50", HISTORY),
    "Wait for readiness instead of a fixed time.",
)
