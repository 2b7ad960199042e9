"""What secrets look like: the shapes `redaction` searches for, as data.

Token formats are those the vendors publish (GitHub, GitLab, AWS, Slack, npm, PyPI, Docker,
HashiCorp Vault, Grafana, Stripe, OpenAI, Anthropic, Google, Hugging Face); JWT is RFC 7519,
PEM is RFC 7468. Nothing here replaces anything.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Shape:
    """One kind of secret.

    Attributes:
        name: In the placeholder, e.g. `github-token`.
        begins: Literals, lower case; a match begins at one of them.
        pattern: Matched at the literal; group 1, where there is one, is the secret.
        whole_word: The character before must not be a letter, digit or `_`.
    """

    name: str
    begins: tuple[str, ...]
    pattern: re.Pattern[str]
    whole_word: bool = True

    def match(self, text: str, at: int) -> tuple[int, int] | None:
        """Start and end of the secret when one begins at `at`."""
        if self.whole_word and at and (text[at - 1].isalnum() or text[at - 1] == "_"):
            return None
        found = self.pattern.match(text, at)
        return found.span(found.lastindex or 0) if found else None


def _shape(name: str, begins: str, pattern: str, *, whole_word: bool = True) -> Shape:
    return Shape(name, tuple(begins.split()), re.compile(pattern), whole_word)


# Values that stand for a secret without being one: variables, placeholders, masks.
_VALUE = r"(?![$<*\[{])([^\s\"',;&<>(){}\[\]\\]{6,512})"
_ASSIGNED = r"\\{0,3}[\"']?[ \t]{0,3}(?::=|=>|[:=])[ \t]{0,3}\\{0,3}[\"']?"

SHAPES: tuple[Shape, ...] = (
    Shape(
        "private-key",
        ("-----begin ",),
        re.compile(
            r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY-----"
            r"(?:[\s\S]{0,20000}?-----END [A-Z0-9 ]{0,40}PRIVATE KEY-----|[\s\S]{0,20000})"
        ),
        whole_word=False,
    ),
    _shape("github-token", "ghp_ gho_ ghu_ ghs_ ghr_", r"gh[pousr]_[A-Za-z0-9_.-]{20,600}"),
    _shape("github-token", "github_pat_", r"github_pat_\w{22,255}"),
    _shape(
        "gitlab-token",
        "glpat- glcbt- glrt- gldt- glptt- glft- glsoat- glagent- glimt- gloas- glffct-",
        r"gl(?:pat|cbt|rt|dt|ptt|ft|soat|agent|imt|oas|ffct)-[\w.-]{16,255}",
    ),
    _shape("aws-key", "akia asia", r"A(?:KI|SI)A[A-Z0-9]{16}(?![A-Za-z0-9])"),
    _shape("slack-token", "xox", r"xox[abeoprs]-[A-Za-z0-9-]{10,255}"),
    _shape("slack-webhook", "hooks.slack.com/", r"hooks\.slack\.com/([\w/-]{20,200})"),
    _shape("jwt", "eyj", r"eyJ[\w-]{8,4096}\.[\w-]{4,8192}\.[\w-]{0,1024}"),
    _shape("api-key", "sk-", r"sk-[\w-]{20,255}"),
    _shape("api-key", "aiza", r"AIza[\w-]{35}"),
    _shape("google-token", "ya29.", r"ya29\.[\w-]{20,2048}"),
    _shape("stripe-key", "sk_live_ sk_test_ rk_live_", r"[sr]k_(?:live|test)_[A-Za-z0-9]{16,255}"),
    _shape("npm-token", "npm_", r"npm_[A-Za-z0-9]{30,255}"),
    _shape("pypi-token", "pypi-", r"pypi-[\w-]{40,512}"),
    _shape("docker-token", "dckr_", r"dckr_(?:pat|oat)_[\w-]{20,255}"),
    _shape("vault-token", "hvs. hvb. hvr.", r"hv[sbr]\.[\w-]{20,512}"),
    _shape("grafana-token", "glsa_ glc_", r"gl(?:sa|c)_[\w=+/-]{20,512}"),
    _shape("huggingface-token", "hf_", r"hf_[A-Za-z0-9]{30,255}"),
    _shape(
        "authorization",
        "authorization",
        rf"(?i)(?:authorization){_ASSIGNED}((?:bearer|basic|token|digest|negotiate) "
        r"[\w.~+/=:-]{6,4096})",
        whole_word=False,
    ),
    _shape("authorization", "bearer", r"(?i)bearer ([\w.~+/=-]{16,4096})"),
    _shape(
        "password",
        "password passwd passphrase secret pwd",
        rf"(?i)(?:password|passwd|passphrase|secret|pwd){_ASSIGNED}{_VALUE}",
        whole_word=False,
    ),
    _shape(
        "key",
        "api_key api-key apikey access_key accesskey account_key accountkey private_key "
        "client_key encryption_key signing_key",
        rf"(?i)(?:api|access|account|private|client|encryption|signing)[_-]?key{_ASSIGNED}{_VALUE}",
        whole_word=False,
    ),
    # A compiler says `unexpected token: name`; a token worth hiding holds a digit.
    _shape(
        "token",
        "token",
        rf"(?i)token{_ASSIGNED}(?=[^\s\"',;&<>]{{0,80}}\d){_VALUE}",
        whole_word=False,
    ),
    _shape(
        "url-credentials",
        "://",
        r"://([^\s/:@'\"<>]{0,256}:[^\s/@'\"<>]{1,512}|[^\s/:@'\"<>.]{20,512})@",
        whole_word=False,
    ),
    _shape(
        "signature",
        "x-amz-signature= sig= x-goog-signature=",
        r"(?i)(?:x-amz-signature|sig|x-goog-signature)=([\w%+/=-]{16,1024})",
    ),
)

_SECRET_NAME = re.compile(
    r"(?i)(?:^|[^a-z])(?:password|passwd|passphrase|pwd|secret|token|authorization|cookie"
    r"|(?:api|access|account|private|client|encryption|signing)[_-]?key)$"
)
_CAMEL = re.compile(
    r"(?:Password|Passwd|Passphrase|Secret|Token|(?:Api|Access|Account|Private|Client)Key)$"
)


def is_secret_name(name: str) -> bool:
    """Whether a key or variable called `name` holds a secret: `DB_PASSWORD`, `clientSecret`."""
    if len(name) > 200 or not name:
        return False
    return bool(_SECRET_NAME.search(name) or _CAMEL.search(name))


_YAML_SECRET = re.compile(r"(?mi)^[ \t-]{0,40}kind:[ \t]{0,8}[\"']?secret[\"']?[ \t]*\r?$")
_YAML_DATA = re.compile(r"^([ \t]*)(?:data|stringData):[ \t]*\r?$")
_YAML_LEAF = re.compile(r"^([ \t]*)[\w./-]{1,253}:[ \t]*")
_JSON_SECRET = re.compile(r"\\{0,7}\"kind\\{0,7}\"\s{0,8}:\s{0,8}\\{0,7}\"Secret\\{0,7}\"")
_JSON_DATA = re.compile(
    r"\\{0,7}\"(?:data|stringData)\\{0,7}\"\s{0,8}:\s{0,8}\{([^{}]{1,1000000})\}"
)
_JSON_LEAF = re.compile(r":\s{0,8}\\{0,7}\"([^\"\\]{1,1000000})")


def secret_manifest_spans(text: str, lowered: str) -> Iterator[tuple[int, int]]:
    """Values below `data` of Kubernetes Secrets that stand in `text` as YAML or JSON."""
    if "kind" not in lowered or "secret" not in lowered:
        return
    if _JSON_SECRET.search(text):
        for block in _JSON_DATA.finditer(text):
            for leaf in _JSON_LEAF.finditer(text, *block.span(1)):
                yield leaf.span(1)
    if _YAML_SECRET.search(text):
        yield from _yaml_spans(text)


def _yaml_spans(text: str) -> Iterator[tuple[int, int]]:
    """Leaves below `data:` and `stringData:`, block scalars included.

    Every `data:` of a text that holds a Secret counts: which document a line belongs to
    cannot be told from a cut or indented text, and a ConfigMap too many is no harm.
    """
    parent: int | None = None
    at = 0
    for line in text.splitlines(keepends=True):
        body = line.rstrip("\r\n")
        indent = len(body) - len(body.lstrip(" \t"))
        heading = _YAML_DATA.match(body)
        if heading:
            parent = len(heading[1])
        elif body.strip() and parent is not None and indent <= parent:
            parent = None
        elif body.strip() and parent is not None:
            leaf = _YAML_LEAF.match(body)
            start = leaf.end() if leaf else indent
            if start < len(body) and body[start:].strip() not in {"|", "|-", ">", ">-", "|+"}:
                yield at + start, at + len(body)
        at += len(line)
