import gzip
import zipfile
from pathlib import Path

import pytest

from aof.errors import UsageFault
from aof.transport.files import open_log, spool_log


def test_a_plain_file_is_mapped(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_bytes(b"one\ntwo\n")
    assert open_log(tmp_path / "a.log")[:] == b"one\ntwo\n"


def test_an_empty_file_gives_an_empty_buffer(tmp_path: Path) -> None:
    (tmp_path / "a.log").touch()
    assert len(open_log(tmp_path / "a.log")) == 0


def test_gzip_is_unpacked_members_and_all(tmp_path: Path) -> None:
    (tmp_path / "a.gz").write_bytes(gzip.compress(b"one\n" * 500_000) + gzip.compress(b"two\n"))
    assert open_log(tmp_path / "a.gz")[:] == b"one\n" * 500_000 + b"two\n"


def test_gzip_cut_off_gives_what_it_holds(tmp_path: Path) -> None:
    whole = gzip.compress(bytes(range(256)) * 4000, compresslevel=1)
    (tmp_path / "a.gz").write_bytes(whole[: len(whole) // 2])
    assert 0 < len(open_log(tmp_path / "a.gz")) < 256 * 4000


def test_damaged_gzip_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.gz").write_bytes(b"\x1f\x8b" + b"\xff" * 50)
    with pytest.raises(UsageFault, match="cannot be read"):
        open_log(tmp_path / "a.gz")


def test_the_job_logs_of_a_run_zip_are_joined(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "run.zip", "w") as archive:
        archive.writestr("0_build.txt", "whole job")
        archive.writestr("build/1_checkout.txt", "one step")
    assert open_log(tmp_path / "run.zip")[:] == b"whole job\n"


def test_the_files_of_a_run_zip_are_joined_by_number_whatever_their_names(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "run.zip", "w") as archive:
        for name in ("b/10_last.txt", "b/2_second.txt", "../../b/1_out.txt", "a/1_first.txt"):
            archive.writestr(name, name)
    joined = bytes(open_log(tmp_path / "run.zip")[:]).decode().split()
    assert joined == ["../../b/1_out.txt", "a/1_first.txt", "b/2_second.txt", "b/10_last.txt"]
    assert [path.name for path in tmp_path.iterdir()] == ["run.zip"]


def test_a_missing_file_is_a_usage_fault(tmp_path: Path) -> None:
    with pytest.raises(UsageFault, match="cannot be read"):
        open_log(tmp_path / "none.log")


def test_standard_input_is_spooled() -> None:
    assert spool_log([b"one\n", b"two\n"])[:] == b"one\ntwo\n"
    assert spool_log([gzip.compress(b"packed\n")])[:] == b"packed\n"
