"""Secrets never get through; ordinary text does."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aof.redaction import _BEGINS, Redactor
from aof.words import Words

PEM = (
    "-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKCAQEAx7Rk9fXQ2v\nq1W8pLmN0z\n"
    "-----END RSA PRIVATE KEY-----"
)
SECRETS = {
    "known value": "correct-horse-battery",
    "pem": PEM,
    "github": "ghp_" + "A1b2C3d4E5" * 3,
    "gitlab": "glpat-" + "x9Y8z7W6v5" * 2,
    "aws": "AKIA" + "J7KQ2MNP4RST6UVW",
    "slack": "xoxb-" + "1234567890-abcdefghij",
    "jwt": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJlLWJ5dGVz",
    "openai": "sk-proj-" + "q1w2e3r4t5y6u7i8o9p0",
    "npm": "npm_" + "Zx9Cv8Bn7M" * 4,
    "vault": "hvs." + "CAESIJ9k8h7g6f5d4s3a2q1w0e",
    "google": "AIza" + "SyA1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q",
}
FORMS = {
    "password=%s": "Tr0ub4dor-and-3",
    '{"client_secret": "%s"}': "s3cr3t-of-client",
    "export API_KEY=%s": "k3y-0f-some-api",
    "https://deploy:%s@git.example.com/x.git": "pa55w0rd-in-url",
    "Authorization: Basic %s": "ZGVwbG95OnBhc3N3b3Jk",
    'curl -H \\"Authorization: Bearer %s\\"': "opaque.bearer.value-77",
    "https://s3.example.com/log?X-Amz-Signature=%s": "0123456789abcdef0123456789abcdef",
    "apiVersion: v1\nkind: Secret\ndata:\n  password: %s\n": "aHVudGVyMg==",
    '{"kind": "Secret", "data": {"tls.key": "%s"}}': "bXktdGxzLWtleQ==",
    '{"note": "{\\"kind\\":\\"Secret\\",\\"data\\":{\\"a\\":\\"%s\\"}}"}': "ZGVlcGx5LW5lc3RlZA==",
}


@pytest.fixture
def redactor() -> Redactor:
    return Redactor({"ARGOCD_TOKEN": SECRETS["known value"]})


@pytest.mark.parametrize("kind", SECRETS)
@pytest.mark.parametrize("around", ["%s", "log: %s.", '{"v": "%s"}', "x=%s;y", "çé→%s\n"])
def test_a_secret_is_taken_out_wherever_it_stands(
    redactor: Redactor, kind: str, around: str
) -> None:
    assert SECRETS[kind] not in redactor.text(around % SECRETS[kind])


@pytest.mark.parametrize(("form", "secret"), FORMS.items())
def test_a_secret_is_known_by_what_stands_before_it(
    redactor: Redactor, form: str, secret: str
) -> None:
    clean = redactor.text(form % secret)
    assert secret not in clean
    assert "[SECRET:" in clean


@pytest.mark.parametrize(
    "text",
    [
        "error: unexpected token: identifier",
        "secretName: registry-credentials-tls",
        "https://example.com/a?page=2",
        "git@github.com:org/repo.git",
        "tokens: 512 of 1024",
        "automountServiceAccountToken: false",
        "password: ${DB_PASSWORD}",
        "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "at tokenize (src/lexer.ts:12:7)",
        "10:33:02 eyJ is how a JWT begins",
    ],
)
def test_ordinary_text_stays(redactor: Redactor, text: str) -> None:
    assert redactor.text(text) == text


def test_the_same_secret_has_one_placeholder_and_another_has_its_own(redactor: Redactor) -> None:
    first, again = redactor.text(SECRETS["jwt"]), redactor.text("x " + SECRETS["jwt"])
    other = redactor.text(SECRETS["jwt"][:-4] + "AAAA")
    assert again == "x " + first
    assert other != first


def test_known_values_are_found_encoded(redactor: Redactor) -> None:
    value = 'p"ss/word with\nlines'
    redactor.add("DB", value)
    import base64
    from urllib.parse import quote

    for form in (json.dumps(value), quote(value, safe=""), base64.b64encode(value.encode())):
        text = form.decode() if isinstance(form, bytes) else form
        assert "[SECRET:DB]" in redactor.text(text)


def test_kubernetes_secrets_lose_their_data_and_keep_their_names(redactor: Redactor) -> None:
    clean = redactor.value(
        {"kind": "Secret", "metadata": {"name": "db"}, "data": {"user": "YQ==", "pass": "Yg=="}}
    )
    assert clean["metadata"] == {"name": "db"}
    assert set(clean["data"]) == {"user", "pass"}
    assert clean["data"]["user"] != clean["data"]["pass"]
    assert "YQ==" not in json.dumps(clean)


def test_values_named_as_secrets_are_masked_in_structures(redactor: Redactor) -> None:
    clean = redactor.value(
        {"env": [{"name": "DB_PASSWORD", "value": "plainwords"}], "clientSecret": "plainwords"}
    )
    assert "plainwords" not in json.dumps(clean)


@given(st.text(max_size=60), st.text(max_size=60), st.sampled_from(sorted(SECRETS)))
def test_no_surroundings_hide_a_known_value(before: str, after: str, kind: str) -> None:
    redactor = Redactor({"T": SECRETS[kind]})
    assert SECRETS[kind] not in redactor.text(before + SECRETS[kind] + after)


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(),
                    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)))  # fmt: skip
def test_redacting_twice_changes_nothing_more(value: object) -> None:
    redactor = Redactor()
    once = redactor.value(value)
    assert redactor.value(once) == once


@pytest.mark.parametrize(
    "text",
    ["-----BEGIN PRIVATE KEY-----" * 2000, "://a" * 50000, "password=" * 20000, "eyJ" * 60000,
     "kind: Secret\n" * 20000, '"kind":"Secret"{' * 5000],
)  # fmt: skip
def test_hostile_text_takes_no_more_than_linear_time(text: str) -> None:
    import time

    began = time.process_time()
    Redactor().text(text)
    assert time.process_time() - began < 5


def test_what_is_redacted_stays_as_it_is() -> None:
    redactor = Redactor({"LAMP_TOKEN": "hunter2-hunter2"})
    once = redactor.text("key hunter2-hunter2, password=correct-horse-battery")
    assert "[SECRET:LAMP_TOKEN]" in once
    assert redactor.text(once) == once


def test_a_secret_dressed_as_a_placeholder_is_still_taken_out() -> None:
    token = "ghp_" + "a1B2" * 9
    assert token not in Redactor().text(f"[SECRET:{token}]")


def shapes_of_all_kinds() -> list[str]:
    return [
        *SECRETS.values(),
        *(form % secret for form, secret in FORMS.items()),
        *ONE_LINE_SHAPES,
    ]


ONE_LINE_SHAPES = (
    "github_pat_" + "11ABCDEFG0abcdefghijkl",
    "https://hooks.slack.com/services/T0000/B0000/XXXXXXXXXXXXXXXX",
    "ya29." + "a0AfH6SMBx1234567890",
    "sk_live_" + "4eC39HqLyjWDarjtT1zdp7dc",
    "pypi-" + "AgEIcHlwaS5vcmcCJDU1" * 3,
    "dckr_pat_" + "Ab1Cd2Ef3Gh4Ij5Kl6Mn",
    "glsa_" + "Zx9Cv8Bn7MZx9Cv8Bn7M_12345678",
    "hf_" + "Zx9Cv8Bn7M" * 4,
    "token: a1b2c3d4e5",
)


@given(
    st.lists(
        st.one_of(
            st.sampled_from([one for one in shapes_of_all_kinds() if "\n" not in one]),
            st.text(st.characters(blacklist_categories=["Cs", "Cc", "Zl", "Zp"]), max_size=30),
            st.sampled_from(["İstanbul ", "token", "://", "secret=", "data:", "eyJ"]),
        ),
        max_size=12,
    ),
    st.lists(st.sampled_from(["\n", " ", ";", '"']), min_size=12, max_size=12),
)
def test_line_by_line_takes_out_what_the_whole_text_does(
    pieces: list[str], between: list[str]
) -> None:
    """Secrets of one line: those of several need their lines together."""
    text = "".join(piece + gap for piece, gap in zip(pieces, between, strict=False))
    whole, lines = redactor_with_value(), redactor_with_value()
    assert "\n".join(map(lines.text, text.split("\n"))) == whole.text(text)


def redactor_with_value() -> Redactor:
    return Redactor({"ARGOCD_TOKEN": SECRETS["known value"]})


@given(st.text("abAB:/ ", max_size=40), st.lists(st.text("abAB:/", min_size=1, max_size=3)))
def test_words_are_found_alike_with_and_without_the_automaton(text: str, words: list[str]) -> None:
    quick, plain = Words(tuple(dict.fromkeys(words))), Words(tuple(dict.fromkeys(words)))
    plain.__dict__["_automaton"] = None
    assert sorted(quick.places(text)) == sorted(plain.places(text))


@pytest.mark.parametrize("secret", shapes_of_all_kinds())
def test_every_shape_is_found_without_the_automaton(
    secret: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = redactor_with_value().text(f"log: {secret} end")
    assert "[SECRET:" in expected
    monkeypatch.setitem(_BEGINS.__dict__, "_automaton", None)
    plain = redactor_with_value()
    plain._values.__dict__["_automaton"] = None
    assert plain.text(f"log: {secret} end") == expected
