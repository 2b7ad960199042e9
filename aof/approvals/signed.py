"""Approvals as files signed with an SSH key.

The signature covers plan id, digest, decision, approver, times and a nonce. Who may sign is
an `allowed_signers` file (ssh-keygen(1)): `AOF_ALLOWED_SIGNERS`, else `.aof/allowed_signers`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from pydantic import ValidationError

from aof.approvals.record import Approval
from aof.approvals.standing import Verifier
from aof.errors import AofError, UsageFault
from aof.transport.ssh_signatures import sign, verify_signature

NAMESPACE = "aof-approval"


def allowed_signers(folder: Path, environment: Mapping[str, str]) -> Path:
    """Where the people who may sign are listed."""
    named = environment.get("AOF_ALLOWED_SIGNERS")
    return Path(named) if named else folder / ".aof" / "allowed_signers"


def signed(approval: Approval, key: Path) -> Approval:
    """The approval with a signature by `key` as its proof."""
    signature = sign(approval.statement(), key=key, namespace=NAMESPACE)
    return approval.model_copy(update={"proof": {"signature": signature}})


def ssh_verifier(signers: Path) -> Verifier:
    """Checks that the named approver signed exactly this approval."""

    def verify(approval: Approval) -> str:
        signature = str(approval.proof.get("signature", ""))
        if not signature:
            return "it is not signed"
        try:
            principal = verify_signature(
                approval.statement(), signature, signers=signers, namespace=NAMESPACE
            )
        except AofError as error:
            return f"its signature does not hold: {error.why or error.what}"
        if f"ssh:{principal}" != approval.approver:
            return f"it was signed by {principal}"
        return ""

    return verify


def read_approval_file(path: Path) -> Approval:
    """An approval as `aofctl approve --sign-with KEY --output FILE` writes it.

    Raises:
        UsageFault: It is no such file.
    """
    try:
        return Approval.model_validate(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, ValidationError) as error:
        raise UsageFault(f"{path} is not an approval", why=str(error)[:300]) from None
