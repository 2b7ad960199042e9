"""Signatures with SSH keys (Ed25519 and the like), through `ssh-keygen -Y`.

The people who approve already have such keys, forges publish the public halves, and no
cryptography of ours is involved. Formats: `ssh-keygen(1)`, ALLOWED SIGNERS.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from aof.errors import Unreachable, UsageFault
from aof.transport.process import run

_TIMEOUT_S = 20.0


def sign(content: bytes, *, key: Path, namespace: str) -> str:
    """An armoured signature of `content` by the private (or agent-held public) `key`.

    Raises:
        UsageFault: The key cannot be used.
        NotBound: `ssh-keygen` is not installed.
    """
    done = run(
        ["ssh-keygen", "-Y", "sign", "-q", "-n", namespace, "-f", str(key)],
        input_bytes=content,
        timeout_s=_TIMEOUT_S,
    )
    if done.returncode:
        words = done.stderr.decode("utf-8", "replace").strip()
        raise UsageFault(f"{key} cannot sign", why=words, fix="give the path of an SSH key")
    return done.text()


def verify_signature(content: bytes, signature: str, *, signers: Path, namespace: str) -> str:
    """Who signed `content`: the principal of `signers` the key belongs to.

    Args:
        content: What was signed.
        signature: Armoured, as `sign` returns it.
        signers: An `allowed_signers` file.
        namespace: What the signature was made for; one for another purpose is refused.

    Raises:
        Unreachable: Nobody in `signers` made this signature of this content.
    """
    if not signers.is_file():
        raise Unreachable("no allowed signers", why=f"{signers} is not a file")
    with tempfile.TemporaryDirectory() as folder:
        armoured = Path(folder) / "signature"
        armoured.write_text(signature, encoding="utf-8")
        common = ["-f", str(signers), "-s", str(armoured)]
        found = run(["ssh-keygen", "-Y", "find-principals", *common], timeout_s=_TIMEOUT_S)
        principal = found.text().splitlines()[0].strip() if found.text().strip() else ""
        if found.returncode or not principal:
            raise Unreachable("the signature is not valid", why=f"no key of {signers} made it")
        checked = run(
            ["ssh-keygen", "-Y", "verify", "-n", namespace, "-I", principal, *common],
            input_bytes=content,
            timeout_s=_TIMEOUT_S,
        )
    if checked.returncode:
        why = checked.stderr.decode("utf-8", "replace").strip() or checked.text().strip()
        raise Unreachable("the signature is not valid", why=why)
    return principal
