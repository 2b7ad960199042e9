"""Zip archives from strangers."""

import io
import struct
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aof.errors import Unreachable
from aof.tools import archives
from aof.tools.archives import junit_reports
from tests.servers.github import zipped

GOOD = b"<testsuite><testcase name='x'><failure/></testcase></testsuite>"


def test_reports_are_found_in_folders_and_others_are_named() -> None:
    content = zipped({"a/TEST-x.xml": GOOD, "b.XML": b"<other/>", "c.txt": b"hi"})
    reports, skipped = junit_reports(io.BytesIO(content), "out")
    assert [one["source"] for one in reports] == ["out/a/TEST-x.xml"]
    assert skipped == ["out/b.XML: not JUnit XML (it begins with <other>)"]


def test_a_bomb_is_read_no_further_than_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aof.tools.archives.MOST_BYTES", 1000)
    monkeypatch.setattr("aof.tools.junit.MOST_BYTES", 1000)
    content = zipped({"bomb.xml": b"<testsuite>" + b" " * 10**7})
    reports, skipped = junit_reports(io.BytesIO(content), "out")
    assert reports == []
    assert skipped == ["out/bomb.xml: larger than 0 MiB"]


def test_many_reports_stop_at_the_total(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "_MOST_TOTAL", 150)
    content = zipped({f"{number}.xml": GOOD for number in range(5)})
    reports, skipped = junit_reports(io.BytesIO(content), "out")
    assert len(reports) == 2
    assert "more than 150 bytes" in skipped[0]


def test_a_huge_directory_is_refused_unread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "_MOST_DIRECTORY", 100)
    content = zipped({f"{number}.xml": b"" for number in range(10)})
    with pytest.raises(Unreachable, match="not read as a zip archive") as caught:
        junit_reports(io.BytesIO(content), "out")
    assert "a directory of" in caught.value.why


def test_the_size_that_zip64_announces_counts_too() -> None:
    record = struct.pack("<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, 1, 1, 1 << 40, 0)
    locator = struct.pack("<4sLQL", b"PK\x06\x07", 0, 0, 1)
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 1, 1, 46, 0, 0)
    with pytest.raises(Unreachable) as caught:
        junit_reports(io.BytesIO(record + locator + end), "out")
    assert "a directory of 1099511627776 bytes" in caught.value.why


def test_an_encrypted_entry_is_a_refusal() -> None:
    content = bytearray(zipped({"a.xml": GOOD}))
    for magic, offset in ((b"PK\x01\x02", 8), (b"PK\x03\x04", 6)):
        content[content.rfind(magic) + offset] |= 1
    with pytest.raises(Unreachable, match="damaged") as caught:
        junit_reports(io.BytesIO(bytes(content)), "out")
    assert "encrypted" in caught.value.why


@given(st.integers(0, 400), st.integers(1, 255))
def test_a_flipped_byte_gives_reports_or_a_refusal(position: int, flip: int) -> None:
    content = bytearray(zipped({"a.xml": GOOD, "b.xml": GOOD}))
    content[position % len(content)] ^= flip
    try:
        reports, _ = junit_reports(io.BytesIO(bytes(content)), "out")
    except Unreachable:
        return
    assert len(reports) <= 2


def test_zipfile_accepts_what_the_tests_make() -> None:
    assert zipfile.ZipFile(io.BytesIO(zipped({"a": b"b"}))).testzip() is None
