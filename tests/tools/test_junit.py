"""JUnit XML from strangers: what is read, and what is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aof.tools.junit import NotJUnit, parse_junit

SUREFIRE = b"""<?xml version="1.0"?>
<testsuite name="com.acme.CartTest" tests="3" time="1.5">
  <testcase classname="com.acme.CartTest" name="adds" time="0.25"/>
  <testcase classname="com.acme.CartTest" name="empties" time="0.5">
    <error message="boom" type="java.lang.NullPointerException">at com.acme.Cart</error>
    <system-out>noise</system-out>
  </testcase>
  <testcase classname="com.acme.CartTest" name="retries" time="1,000.5">
    <flakyFailure message="timed out">first try</flakyFailure>
  </testcase>
  <testcase name="later"><skipped/></testcase>
</testsuite>"""


def test_failures_errors_skips_and_flaky_tests_are_told_apart() -> None:
    report = parse_junit(SUREFIRE, "a.xml")
    assert (report["tests"], report["failed_count"], report["skipped_count"]) == (4, 1, 1)
    assert report["failed"][0] == {
        "suite": "com.acme.CartTest",
        "name": "empties",
        "classname": "com.acme.CartTest",
        "file": None,
        "line": None,
        "kind": "error",
        "type": "java.lang.NullPointerException",
        "message": "boom",
        "text": "at com.acme.Cart",
    }
    assert [(one["name"], one["message"]) for one in report["flaky"]] == [("retries", "timed out")]
    assert report["time_s"] == pytest.approx(1001.25)


def test_nested_suites_name_the_innermost() -> None:
    document = b"""<testsuites><testsuite name="outer"><testsuite name="inner">
    <testcase name="x"><failure/></testcase></testsuite></testsuite></testsuites>"""
    assert parse_junit(document, "a.xml")["failed"][0]["suite"] == "inner"


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        (b'<!DOCTYPE x [<!ENTITY e "ha">]><testsuite name="&e;"/>', "DOCTYPE"),
        (b'<!DOCTYPE x SYSTEM "file:///etc/passwd"><testsuite/>', "DOCTYPE"),
        (b"<coverage/>", "not JUnit"),
        (b"<testsuite>", "not well-formed"),
        (b"", "not well-formed"),
        (b"<testsuite>" * 100, "nested"),
    ],
)
def test_what_is_not_plain_junit_is_refused(document: bytes, reason: str) -> None:
    with pytest.raises(NotJUnit, match=reason):
        parse_junit(document, "a.xml")


def test_endless_text_is_cut() -> None:
    document = b"<testsuite><testcase><failure>%s</failure></testcase></testsuite>" % (b"x" * 10**6)
    assert len(parse_junit(document, "a.xml")["failed"][0]["text"]) == 4000


def test_every_failure_is_counted_but_not_every_one_kept() -> None:
    case = b"<testcase><failure/></testcase>"
    report = parse_junit(b"<testsuite>%s</testsuite>" % (case * 700), "a.xml")
    assert (report["failed_count"], len(report["failed"])) == (700, 500)


@given(st.binary(max_size=300))
def test_any_bytes_give_a_report_or_a_refusal(document: bytes) -> None:
    for candidate in (document, b"<testsuite>" + document + b"</testsuite>"):
        try:
            assert parse_junit(candidate, "a.xml")["source"] == "a.xml"
        except NotJUnit as refusal:
            assert "a.xml" in refusal.what
