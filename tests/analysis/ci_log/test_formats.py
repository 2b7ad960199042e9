from collections.abc import Callable

import pytest

from aof.analysis.ci_log import diagnose
from aof.analysis.ci_log.markdown import numbered
from tests.analysis.ci_log import logs

FAILURE = """collecting
_________________________ test_total _________________________

    def test_total():
>       assert total([1, 2]) == 4
E       assert 3 == 4

tests/test_cart.py:12: AssertionError
=========================== short test summary info ===========================
FAILED tests/test_cart.py::test_total - assert 3 == 4
1 failed, 20 passed in 1.20s"""
WRAPPERS: dict[str, Callable[..., bytes]] = {
    "github": logs.github,
    "gitlab": logs.gitlab,
    "gitlab_stamped": logs.gitlab_stamped,
    "jenkins": logs.jenkins,
    "travis": logs.travis,
}


@pytest.mark.parametrize("name", WRAPPERS)
def test_the_same_failure_is_found_in_every_format(name: str) -> None:
    diagnosis = diagnose(WRAPPERS[name](FAILURE))
    assert diagnosis.outcome == "failed"
    assert diagnosis.primary is not None
    assert diagnosis.primary.text == "E       assert 3 == 4"
    assert str(diagnosis.primary.location) == "tests/test_cart.py:12"
    assert diagnosis.platform == name.partition("_")[0]


def test_the_failing_step_is_named() -> None:
    assert diagnose(logs.github(FAILURE)).step == "Run npm test"
    assert diagnose(logs.gitlab(FAILURE)).step == "step_script"
    assert diagnose(logs.jenkins(FAILURE)).step == "Test"
    assert diagnose(logs.travis(FAILURE)).step == "make test"


@pytest.mark.parametrize("wrap", [logs.gitlab, logs.gitlab_stamped])
def test_markers_of_sections_are_no_output(wrap: Callable[..., bytes]) -> None:
    inner = "section_start:1:own[collapsed=true]\r\x1b[0K"
    excerpt = diagnose(wrap(f"{inner}\n{FAILURE}\nsection_end:1:own\r\x1b[0K")).excerpt
    assert excerpt
    assert not [text for _, text in excerpt if "section_" in text or "collapsed" in text]


def test_an_excerpt_shows_empty_lines_and_dots_only_where_lines_are_left_out() -> None:
    diagnosis = diagnose(logs.github(FAILURE))
    whole = numbered(diagnosis)
    blank = [number for number, text in diagnosis.excerpt if not text]
    assert len(blank) == 2
    assert not [line for line in whole if line.strip() == "..."]
    far = "\n".join(["first", *("filler" for _ in range(200)), FAILURE])
    shown = numbered(diagnose(logs.github(f"error: odd\n{far}")))
    assert [line for line in shown if line.strip() == "..."]


def test_line_numbers_count_line_feeds_from_one() -> None:
    log = logs.github(FAILURE)
    diagnosis = diagnose(log)
    assert diagnosis.primary is not None
    line = log.decode().split("\n")[diagnosis.primary.line - 1]
    assert line.endswith("E       assert 3 == 4")


def test_utf_16_with_and_without_a_mark_is_read() -> None:
    text = logs.github(FAILURE).decode().lstrip("\ufeff")
    for encoded in (text.encode("utf-16"), text.encode("utf-16-le"), text.encode("utf-16-be")):
        assert diagnose(encoded).primary == diagnose(text.encode()).primary


def test_columns_of_gh_and_caret_colour_are_removed() -> None:
    lines = logs.github(FAILURE).decode().lstrip("\ufeff").splitlines()
    text = "\n".join(f"build\tRun tests\t{line}" for line in lines).replace("\x1b", "^[")
    diagnosis = diagnose(text.encode())
    assert diagnosis.primary is not None
    assert diagnosis.primary.text == "E       assert 3 == 4"


@pytest.mark.parametrize(
    "log",
    [
        logs.github("Error: this is printed by a passing test\n✓ 12 tests", exit_code=0),
        logs.gitlab("ERROR: retrying\nFAILED once, passed on retry", exit_code=0),
        logs.jenkins("Exception in thread main handled", result="SUCCESS"),
        logs.travis("error: expected by the test", exit_code=0),
    ],
)
def test_a_green_log_is_never_diagnosed(log: bytes) -> None:
    diagnosis = diagnose(log)
    assert diagnosis.outcome == "passed"
    assert diagnosis.primary is None
    assert diagnosis.candidates == ()


def test_echoed_script_source_is_never_the_cause() -> None:
    source = 'echo "ERROR: cannot find module"; exit 3'
    diagnosis = diagnose(logs.github("bash: frobnicate: command not found", step=source))
    assert diagnosis.primary is not None
    assert diagnosis.primary.text == "bash: frobnicate: command not found"


def test_a_failure_of_a_later_cleanup_step_comes_second() -> None:
    after = "##[group]Run ./upload.sh\n##[endgroup]\nbash: ./upload.sh: Permission denied\n"
    diagnosis = diagnose(logs.github(FAILURE, after=after))
    assert diagnosis.primary is not None
    assert diagnosis.primary.rule == "pytest-error"


def test_a_gitlab_log_that_was_cut_off_says_so() -> None:
    log = logs.gitlab("Job's log exceeded limit of 4194304 bytes.")
    assert any("cut off" in note for note in diagnose(log).notes)


def test_an_action_that_reports_its_failure_failed_the_job() -> None:
    log = logs.github("Building\n##[error]buildx failed with: ERROR: failed to solve: x: not found",
                      exit_code=0, step="docker/build-push-action@v6")  # fmt: skip
    diagnosis = diagnose(log)
    assert diagnosis.outcome == "failed"
    assert diagnosis.step == "Run docker/build-push-action@v6"


def test_an_annotation_an_action_goes_on_from_is_no_failure() -> None:
    output = "##[error]src/a.py:3: unused import\n" + "uploading results\n" * 20
    log = logs.github(output, exit_code=0, step="reviewdog/action-flake8@v3")
    assert diagnose(log).outcome == "passed"


def test_an_annotation_of_a_script_that_passed_is_no_failure() -> None:
    assert diagnose(logs.github("##[error]src/a.c:3: odd", exit_code=0)).outcome == "passed"


def test_a_log_copied_from_the_browser_is_read() -> None:
    text = f"{FAILURE}\nError: Process completed with exit code 1.\n"
    diagnosis = diagnose(text.encode())
    assert (diagnosis.outcome, diagnosis.exit_code) == ("failed", 1)


def test_a_cancelled_job_is_not_blamed_on_its_noise() -> None:
    output = "mkdir: cannot create '/x': Permission denied\n##[error]The operation was canceled."
    diagnosis = diagnose(logs.github(output, exit_code=0))
    assert diagnosis.primary is not None
    assert diagnosis.primary.text == "The operation was canceled."
    assert diagnosis.category == "timeout"


def test_without_any_rule_the_last_output_is_shown_and_called_unrecognised() -> None:
    diagnosis = diagnose(logs.github("polishing\nthe gasket is bent\n\n", exit_code=3))
    assert diagnosis.primary is not None
    assert diagnosis.primary.text == "the gasket is bent"
    assert not diagnosis.recognised
    assert diagnosis.outcome == "failed"


def test_lines_of_parallel_branches_are_read_without_their_names() -> None:
    text = logs.jenkins("\n".join(f"[unit] {line}" for line in FAILURE.splitlines())).decode()
    text = text.replace("[Pipeline] sh\n", "[Pipeline] { (Branch: unit)\n[Pipeline] sh\n")
    diagnosis = diagnose(text.encode())
    assert diagnosis.primary is not None
    assert diagnosis.primary.text == "E       assert 3 == 4"


def test_a_job_that_passed_after_one_that_failed_forgives_nothing() -> None:
    passed = logs.github("ok", exit_code=0)
    diagnosis = diagnose(passed + logs.github(FAILURE) + passed)
    assert diagnosis.outcome == "failed"
    assert diagnosis.primary is not None
    assert diagnosis.primary.text == "E       assert 3 == 4"


def test_control_characters_of_eight_bits_are_removed() -> None:
    primary = diagnose(logs.github("src/a.c:1:2: \x9b31merror: evil\x9a thing\x7f")).primary
    assert primary is not None
    assert primary.text == "src/a.c:1:2: error: evil thing"


def test_an_exception_is_placed_in_the_innermost_frame_of_the_project() -> None:
    frames = (
        "/srv/shop/app.py:9 /srv/shop/internal/load.py:4 /usr/lib/python3.11/json/__init__.py:346"
        " /opt/venv/lib/python3.11/site-packages/fast/json.py:3"
        r" C:\Python311\Lib\json\decoder.py:337"
    )
    trace = "".join(
        f'  File "{file}", line {line}, in f\n    f()\n'
        for file, _, line in (frame.rpartition(":") for frame in frames.split())
    )
    message = "json.decoder.JSONDecodeError: Expecting value: line 1 column 2 (char 1)"
    log = f"Traceback (most recent call last):\n{trace}{message}\n"
    primary = diagnose(log.encode()).primary
    assert primary is not None
    assert (primary.text, str(primary.location)) == (message, "/srv/shop/internal/load.py:4")


BUILDKIT = """#8 [4/5] RUN pip install -r requirements.txt
#8 1.201 ERROR: Could not find a version that satisfies the requirement nosuch (from versions: none)
#8 ERROR: process "/bin/sh -c pip install -r r.txt" did not complete successfully: exit code: 1
------
 > [4/5] RUN pip install -r requirements.txt:
------
Dockerfile:5
--------------------
   3 |     COPY requirements.txt .
   4 |
   5 | >>> RUN pip install -r requirements.txt
--------------------
ERROR: failed to solve: process "/bin/sh -c pip install" did not complete successfully: exit code: 1
"""


@pytest.mark.parametrize("wrap", [str.encode, logs.github])
def test_what_fails_in_a_dockerfile_is_placed_at_its_instruction(
    wrap: Callable[[str], bytes],
) -> None:
    diagnosis = diagnose(wrap(BUILDKIT))
    assert diagnosis.fix_id == "pip-nothing-found"
    assert diagnosis.primary is not None
    assert str(diagnosis.primary.location) == "Dockerfile:5"
