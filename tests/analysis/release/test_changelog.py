import re
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aof.analysis.release import ReleaseConfig, read_config
from aof.analysis.release.changelog import ChangelogWriter
from aof.analysis.release.changelog_file import MARK, put_release, section_of
from aof.analysis.release.escape import escape
from aof.errors import UsageFault
from tests.analysis.release.commits import plan, sha


def section(messages: list[str], config: ReleaseConfig | None = None, template: str = "") -> str:
    made = plan(messages, config=config)
    writer = ChangelogWriter(config or ReleaseConfig(), template)
    return writer.section(made.changed, version="1.3.0", day=date(2026, 11, 20), tag="v1.3.0")


def test_headings_are_those_of_keep_a_changelog() -> None:
    text = section(
        [
            "feat(api): add GraphQL (#125)\n\nCloses: #7",
            "fix: leak",
            "chore: tidy",
            "feat!: drop v1\n\nBREAKING CHANGE: use v2\nand migrate",
            "Free words (#9)",
            "hotfix: unknown kind",
        ]
    )
    short = [sha(number)[:8] for number in range(7)]
    assert text == (
        "## [1.3.0] - 2026-11-20\n\n"
        "### Breaking changes\n\n"
        f"- use v2\n  and migrate ({short[4]})\n\n"
        "### Added\n\n"
        f"- drop v1 ({short[4]})\n"
        "- **api**: add GraphQL (#125, #7)\n\n"
        "### Fixed\n\n"
        f"- leak ({short[2]})\n\n"
        "### Other\n\n"
        f"- unknown kind ({short[6]})\n"
        "- Free words (#9)\n"
    )


def test_parts_of_a_squash_are_listed_once() -> None:
    text = section(["feat: dark mode (#12)\n\n* feat: dark mode\n\n* fix: links"])
    assert text.count("dark mode") == 1
    assert "- links (#12)" in text


def test_sections_can_be_named() -> None:
    config = read_config(
        {
            "changelog": {
                "sections": [
                    {"title": "Bug fixes", "types": ["fix"]},
                    {"title": "Documentation", "types": ["docs"]},
                ],
                "other": "",
            }
        }
    )
    text = section(["fix: a", "docs: b", "feat: c"], config)
    assert re.findall("### (.*)", text) == ["Bug fixes", "Documentation"]


def test_template_can_be_replaced() -> None:
    template = "# {{ version }}\n{% for s in sections %}{{ s.entries | length }}{% endfor %}\n"
    assert section(["feat: a", "feat: b"], template=template) == "# 1.3.0\n2\n"


TEN = "{% set a = 'xxxxxxxxxx' %}{% set b = [1] %}"
HUNDRED = "{% for a in '" + "x" * 100 + "' %}"


@pytest.mark.parametrize(
    "template",
    [
        "{{ nothing.at.all }}",
        "{% for %}",
        "{{ 1 / 0 }}",
        "{{ sections[99].title }}",
        "{{ version + 1 }}",
        "{{ ''.__class__.__mro__ }}",
        "{{ ''['__class__'] }}",
        "{{ ''|attr('__class__') }}",
        "{{ self.__init__.__globals__ }}",
        "{{ self._TemplateReference__context.environment }}",
        "{{ sections.append.__self__.__class__ }}",
        "{{ version.encode.__globals__ }}",
        "{{ '{0.__class__}'.format(version) }}",
        "{{ sections.append(1) }}",
        "{{ sections[0].update(title='x') }}",
        "{{ cycler.__init__ }}",
        "{% import 'os' as os %}",
        "{% include '/etc/passwd' %}",
        "{% extends 'x' %}",
        "{{ range(9) }}",
        "{{ 'x' * 10000000000 }}",
        "{{ [0] * 10000000000 }}",
        "{{ '%9999999999d' % 1 }}",
        "{{ 9 ** 9 ** 9 }}",
        "{{ 'x'.ljust(9999999999) }}",
        "{{ 'x' | center(9999999999) }}",
        HUNDRED * 5 + "{% endfor %}" * 5,
        HUNDRED * 4 + "{{ version }}" * 999 + "{% endfor %}" * 4,
        "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
        "{% macro f(n) %}{% if n %}{{ f(n-1) }}{{ f(n-1) }}{% endif %}{% endmacro %}{{ f(99) }}",
        "{" * 3 + "(" * 400 + "1" + ")" * 400 + "}" * 3,
    ],
)
def test_a_template_cannot_break_out_or_run_on(template: str) -> None:
    with pytest.raises(UsageFault, match="template cannot be"):
        section(["feat: a"], template=template)


@pytest.mark.parametrize(
    "doubling",
    [
        "{% set a = a ~ a %}",
        "{% set a = a + a %}",
        "{% set a %}{{ a }}{{ a }}{% endset %}",
        "{% set a %}{% filter upper %}{{ a }}{{ a }}{% endfilter %}{% endset %}",
        "{% set a = a | replace('x', 'xx') %}",
        "{% set a = a | replace(new=a, old='x') %}",
        "{% set a = a.replace('x', 'xx') %}",
        "{% set a = (a | attr('replace'))('x', 'xx') %}",
        "{% set a = [a, a] | join %}",
        "{% set a = a | join(a) %}",
        "{% set a = a | join(d=a) %}",
        "{% set a = a.join([a, a, a]) %}",
        "{% set a = [a, a] | map('upper') | join %}",
        "{% set b = [b, b] %}",
        "{% set b = (b, b) %}",
        "{% set b = {1: b, 2: b} %}",
        "{% set b = b + b %}",
        "{% set b = [b, b] | sum(start=[]) %}",
    ],
)
def test_a_template_cannot_double_text_or_lists_without_end(doubling: str) -> None:
    with pytest.raises(UsageFault, match="more than 20000000 characters"):
        section(["feat: a"], template=TEN + doubling * 40 + "{{ a }}{{ b }}")


@pytest.mark.parametrize(
    "template",
    [
        "{% set a = 9 %}" + "{% set a = a * a %}" * 40,
        "{{ 'xxx' | wordwrap(1, true, 'x' * 99) }}",
        "{{ 'x'.translate({120: 'xx'}) }}",
        "{{ (1).to_bytes(9999999999, 'big') }}",
    ],
)
def test_a_template_cannot_make_much_of_little(template: str) -> None:
    with pytest.raises(UsageFault, match="template cannot be"):
        section(["feat: a"], template=template)


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{{ 'a' ~ 1 ~ ['b'] }}", "a1['b']"),
        ("{{ 1 + 2 }}{{ 'a' + 'b' }}{{ ([1] + [2]) | length }}{{ 2 * 3 }}", "3ab26"),
        ("{{ ['a', 'b'] | join(', ') }}{{ '-'.join(['a', 'b']) }}", "a, ba-b"),
        ("{{ 'aab' | replace('a', 'c', 1) }}{{ 'aab'.replace('a', '', 1) }}", "cabab"),
        ("{% for a, b in {'x': 1}.items() %}{{ a }}{{ b }}{% endfor %}", "x1"),
        ("{% for s in sections %}{{ s.entries | join('', attribute='type') }}{% endfor %}", "feat"),
        (
            "{% macro f(x) %}<{{ x }}>{% endmacro %}{{ f('a') }}{{ ['b'] | map('upper') | first }}",
            "<a>B",
        ),
        ("{% autoescape true %}{{ '<' ~ 'b' }}{% endautoescape %}", "&lt;b"),
    ],
)
def test_what_templates_do_every_day_works(template: str, text: str) -> None:
    assert section(["feat: a"], template=template) == f"{text}\n"


def test_a_template_gets_the_same_of_every_entry() -> None:
    template = "{% for s in sections %}{% for e in s.entries %}{{ e.type }},{{ e.scope }},"
    template += "{{ e.sha[:4] }},{{ e.author }},{{ e.breaking }},{{ e.pull_request }};"
    template += "{% endfor %}{% endfor %}{{ contributors | join(' ') }}"
    text = section(["feat(api)!: a (#7)", "Free words"], template=template)
    short = [sha(number)[:4] for number in (1, 2)]
    assert text == f"feat,api,{short[0]},Ada,True,7;None,,{short[1]},Ada,False,;Ada\n"


def test_the_template_of_the_documentation_gives_the_default() -> None:
    page = Path("docs/release-manager.md").read_text(encoding="utf-8")
    template = page.partition("```jinja\n")[2].partition("```")[0]
    messages = ["feat(api)!: a (#7)", "fix: b", "Free words"]
    assert section(messages, template=template) == section(messages)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain words", "plain words"),
        ("keep `a_b <c>` code", "keep `a_b <c>` code"),
        ("<img src=x>", "&lt;img src=x&gt;"),
        ("[a](http://b)", "\\[a\\](`http://b`)"),
        ("see https://a.example/x?y=1.", "see `https://a.example/x?y=1`."),
        ("at WWW.a.example, or not", "at `WWW.a.example`, or not"),
        ("./@ada of node_modules/@org/team", "./`@ada` of node_modules/`@org/team`"),
        ("lone `@ada", "lone \\``@ada`"),
        ("a\u061cb\U000e0041c", "abc"),
        ("![a](b)", "!\\[a\\](b)"),
        ("thanks @ada and @org/team", "thanks `@ada` and `@org/team`"),
        ("mail a@b.org", "mail a@b.org"),
        ("*bold* _it_ snake_case", "\\*bold\\* \\_it\\_ snake_case"),
        ("# heading", "\\# heading"),
        ("1. list", "1\\. list"),
        ("- list", "\\- list"),
        ("lone ` tick", "lone \\` tick"),
        ("a &amp; b & c", "a &amp;amp; b & c"),
        ("a\u202eb\x1b[31m", "ab\\[31m"),
        ("C:\\temp", "C:\\\\temp"),
    ],
)
def test_commit_text_is_inert(text: str, expected: str) -> None:
    assert escape(text) == expected


@given(st.text())
def test_escaped_text_is_one_line_without_html_or_mentions(text: str) -> None:
    shown = escape(text)
    outside_code = re.sub(r"(`+)[^`]+\1", "", shown.replace("\\`", ""))
    assert "\n" not in shown
    assert "<" not in outside_code
    assert not re.search(r"(?<!\w)@[A-Za-z0-9]", outside_code)


SECTION = "## [1.3.0] - 2026-11-20\n\n### Added\n\n- new (abc)\n"
FILE = """# Changelog

Words of our own.

## [Unreleased]

### Added

- by hand

## [1.2.3] - 2026-01-01

- old

[Unreleased]: https://x.example/a/b/compare/v1.2.3...HEAD
[1.2.3]: https://x.example/a/b/compare/v1.2.2...v1.2.3
"""


def test_a_new_file_is_started() -> None:
    assert put_release("", "1.3.0", SECTION).startswith("# Changelog\n")
    assert put_release("", "1.3.0", SECTION).endswith(SECTION)


def test_human_text_moves_into_the_release() -> None:
    text = put_release(FILE, "1.3.0", SECTION)
    assert section_of(text, "Unreleased") == ""
    assert (
        section_of(text, "1.3.0") == f"### Added\n\n- by hand\n\n{MARK}\n\n### Added\n\n- new (abc)"
    )
    assert section_of(text, "1.2.3") == "- old"
    assert "Words of our own." in text


def test_sections_are_replaced_and_never_stacked() -> None:
    once = put_release(FILE, "1.3.0", SECTION)
    assert put_release(once, "1.3.0", SECTION) == once
    changed = put_release(once, "1.3.0", SECTION.replace("new", "newer"))
    assert changed.count("## [1.3.0]") == 1
    assert "- by hand" in changed
    assert "- new (abc)" not in changed


def test_stacked_sections_of_one_version_become_one() -> None:
    text = f"# Changelog\n\n{SECTION}\n{SECTION}\n## [1.2.3]\n\n- old\n"
    assert put_release(text, "1.3.0", SECTION).count("## [1.3.0]") == 1


def test_links_follow() -> None:
    text = put_release(FILE, "1.3.0", SECTION, previous="v1.2.3", tag="v1.3.0")
    assert "[Unreleased]: https://x.example/a/b/compare/v1.3.0...HEAD\n" in text
    assert "[1.3.0]: https://x.example/a/b/compare/v1.2.3...v1.3.0\n" in text
    assert put_release(text, "1.3.0", SECTION, previous="v1.2.3", tag="v1.3.0") == text


def test_an_old_line_goes_below_newer_releases() -> None:
    text = "# C\n\n## [2.0.0]\n\n- two\n\n## [1.2.3]\n\n- old\n"
    names = re.findall(
        r"## \[(.*)\]", put_release(text, "1.2.4", SECTION.replace("1.3.0", "1.2.4"))
    )
    assert names == ["2.0.0", "1.2.4", "1.2.3"]


def test_headings_in_code_are_text() -> None:
    text = "# C\n\n## [1.2.3]\n\n```\n## [1.3.0]\n```\n"
    assert "```\n## [1.3.0]\n```" in put_release(text, "1.3.0", SECTION)


def test_headings_in_comments_are_text() -> None:
    text = "# C\n\n<!--\n## [Unreleased]\n- sample\n## [1.3.0]\n-->\n\n## [1.2.3]\n\n- old\n"
    after = put_release(text, "1.3.0", SECTION)
    assert after == text.replace("## [1.2.3]", f"{SECTION}\n## [1.2.3]")


@pytest.mark.parametrize(
    "older",
    [
        "# [1.2.3](https://x.example/compare/v1.2.2...v1.2.3) (2026-01-01)\n\n- old",
        "### [1.2.3](https://x.example/compare/v1.2.2...v1.2.3) (2026-01-01)\n\n- old",
        "## v1.2.3 (2026-01-01)\n\n- old",
        "## [1.2.3] - 2026-01-01 [YANKED]\n\n- old",
        "## Version 1.2.3\n\n- old",
        "1.2.3 - 2026-01-01\n------------------\n\n- old",
        "## [1.3.0-rc.1]\n\n- rc",
    ],
)
@pytest.mark.parametrize(
    "title", ["", "# Changelog\n\nWords.", "Changelog\n=========", "## About\n\nUs."]
)
def test_headings_of_other_tools_are_releases(title: str, older: str) -> None:
    before = f"{title}\n\n" if title else ""
    after = put_release(f"{before}{older}\n", "1.3.0", SECTION)
    assert after == f"{before}{SECTION}\n{older}\n"
    assert put_release(after, "1.3.0", SECTION) == after


def test_text_below_all_releases_stays_there() -> None:
    text = "# C\n\n## [2026.09.3]\n\n- nine\n\n## [2025.12.1]\n\n- old\n\n## License\n\nFree.\n"
    new = SECTION.replace("1.3.0", "2025.01.0")
    after = put_release(text, "2025.01.0", new)
    assert after == text.replace("## License", f"{new}\n## License")


def test_windows_line_ends_stay() -> None:
    text = put_release(FILE.replace("\n", "\r\n"), "1.3.0", SECTION)
    assert "\n" not in text.replace("\r\n", "")


def test_a_comment_nobody_closed_hides_no_section_that_moves_below_it() -> None:
    text = "## [Unreleased]\n-->\n## [Unreleased]\n<!--\n## [1.0.0]"
    once = put_release(text, "1.3.0", SECTION)
    assert put_release(once, "1.3.0", SECTION) == once
    code = "## [1.0.0]\n\n```\n<!--\n```\n"
    assert put_release(code, "1.3.0", SECTION).endswith(code)


PIECES = ["## [Unreleased]", "## [1.0.0]", "- a", "", "```\n## [1.3.0]\n```", "### Added"]
PIECES += ["# [1.1.0](x)", "### 1.2.0", "1.2.1\n-----", "<!--", "-->", "## About"]


@given(st.lists(st.sampled_from(PIECES)))
def test_putting_a_release_twice_is_the_same_as_once(lines: list[str]) -> None:
    once = put_release("\n".join(lines), "1.3.0", SECTION)
    assert put_release(once, "1.3.0", SECTION) == once
    assert once.count("- a") == lines.count("- a")
