"""Approvals signed with real SSH keys."""

import subprocess
from pathlib import Path

import pytest

from aof.approvals.signed import read_approval_file, signed, ssh_verifier
from aof.errors import UsageFault
from tests.approvals.people import approval


def key(folder: Path, name: str) -> Path:
    path = folder / name
    argv = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", str(path)]
    subprocess.run(argv, check=True, timeout=30)
    return path


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("keys")
    lines = []
    for name in ("bo", "cy"):
        public = key(folder, name).with_suffix(".pub").read_text().strip()
        lines.append(f"{name}@x.org {public}\n")
    key(folder, "stranger")
    (folder / "signers").write_text("".join(lines))
    return folder


def verdict(folder: Path, given: object) -> str:
    return ssh_verifier(folder / "signers")(given)  # type: ignore[arg-type]


def test_the_named_approver_s_signature_holds(keys: Path) -> None:
    assert verdict(keys, signed(approval(), keys / "bo")) == ""


def test_a_signature_by_somebody_else_does_not(keys: Path) -> None:
    assert "signed by cy@x.org" in verdict(keys, signed(approval(), keys / "cy"))
    assert "does not hold" in verdict(keys, signed(approval(), keys / "stranger"))


def test_a_changed_approval_loses_its_signature(keys: Path) -> None:
    given = signed(approval(decision="reject"), keys / "bo")
    assert "does not hold" in verdict(keys, given.model_copy(update={"decision": "approve"}))


def test_an_approval_without_a_signature_does_not_count(keys: Path) -> None:
    assert verdict(keys, approval()) == "it is not signed"


def test_without_allowed_signers_nobody_may_sign(keys: Path, tmp_path: Path) -> None:
    found = ssh_verifier(tmp_path / "none")(signed(approval(), keys / "bo"))
    assert "does not hold" in found


def test_an_approval_travels_as_a_file(keys: Path, tmp_path: Path) -> None:
    given = signed(approval(), keys / "bo")
    (tmp_path / "a.json").write_text(given.model_dump_json())
    assert verdict(keys, read_approval_file(tmp_path / "a.json")) == ""
    (tmp_path / "b.json").write_text("{}")
    with pytest.raises(UsageFault):
        read_approval_file(tmp_path / "b.json")
