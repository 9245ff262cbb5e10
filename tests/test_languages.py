"""The whole product in the reader's language: catalogues, sentences with any number, screens without a word of another language."""

from __future__ import annotations

import ast
import re
import string
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po, write_po

from dashboard.page import walk
from dashboard.page.blocks import Beside, Block, Choice, Day, Number, Report, Several
from dashboard.page.registry import listed
from dashboard.page.visit import open_visit
from dashboard.words import columns, terms
from data_access import i18n
from tests.conftest import ROLES, ROOT, open_sample_visit, some

OTHERS = [code for code in i18n.languages() if code != i18n.SOURCE]
MANY = ["0", "1", "2", "5", "21", "–"]
PSEUDO = "eo"
"""A language that Babel knows and Meridian does not speak: its catalogue is made by the test."""


@pytest.fixture(autouse=True)
def english_again() -> Iterator[None]:
    yield
    i18n.language.set(i18n.SOURCE)
    open_visit(None)


def catalogue(code: str) -> Catalog:
    with (i18n.LOCALE_DIR / code / "LC_MESSAGES" / f"{i18n.DOMAIN}.po").open("rb") as file:
        return read_po(file, locale=code)


def source() -> Catalog:
    with (i18n.LOCALE_DIR / f"{i18n.DOMAIN}.pot").open("rb") as file:
        return read_po(file)


def forms(message: Message) -> list[str]:
    return list(message.string) if isinstance(message.string, tuple | list) else [str(message.string)]


def named(text: str) -> set[str]:
    """The placeholders of a text."""
    return {name for _before, name, _spec, _conversion in string.Formatter().parse(text) if name}


def is_sentence(text: str) -> bool:
    """Whether a text is put together with `format`: a template of HTML or of the chart library is not."""
    try:
        return all(name.isidentifier() for name in named(text))
    except ValueError:
        return False


def test_german_and_russian_are_spoken() -> None:
    assert {"en", "de", "ru"} <= set(i18n.languages())
    assert i18n.languages()["de"] == "Deutsch" and i18n.languages()["ru"] == "Русский"


@pytest.mark.parametrize("code", OTHERS)
def test_a_catalogue_translates_every_text_once_and_none_roughly(code: str) -> None:
    kept, wanted = catalogue(code), {m.id if isinstance(m.id, str) else m.id[0] for m in source() if m.id}
    found = {m.id if isinstance(m.id, str) else m.id[0]: m for m in kept if m.id}
    assert wanted == set(found), "run `make messages`"
    assert not [one for one, m in found.items() if m.fuzzy or not all(form.strip() for form in forms(m))]
    plural = [m for m in found.values() if isinstance(m.id, tuple | list)]
    assert {len(forms(m)) for m in plural} == {kept.num_plurals}


@pytest.mark.parametrize("code", OTHERS)
def test_a_translation_reads_with_every_number_and_keeps_every_placeholder(code: str) -> None:
    for message in catalogue(code):
        ids = [message.id] if isinstance(message.id, str) else list(message.id)
        if not message.id or not is_sentence(ids[-1]):
            continue
        for form in forms(message):
            assert named(form) <= set().union(*map(named, ids)), (ids[0], form)
            assert named(ids[-1]) - {"n"} <= named(form), (ids[0], form)
            for n in MANY:
                said = form.format(**dict.fromkeys(named(form), n))
                assert not re.search(r"[{}]|  | [,;:.!?](?:\s|$)", said.replace("…", "")), (ids[0], said)


def translates(node: ast.AST) -> bool:
    """Whether this is a text of the code that is translated where it stands."""
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in ("_", "ngettext")
        and bool(node.args)
        and isinstance(node.args[0], ast.Constant)
    )


def test_texts_are_not_joined_inside_a_template() -> None:
    """A translated half inside an f-string is not found by the extraction, and its place in the sentence is fixed."""
    faults = []
    for folder in ("dashboard", "data_access", "pages", "sample_data"):
        for path in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.JoinedStr) and any(map(translates, ast.walk(node))):
                    faults.append(f"{path.relative_to(ROOT)}:{node.lineno}")
    assert faults == []


class Reading(walk.Asked):
    """A surface that notes every text a block shows beside what a report keeps."""

    def __init__(self, own: dict[str, str]) -> None:
        super().__init__(own)
        self.labels: list[str] = []

    def show(self, block: Block, report: Report) -> object:
        if isinstance(block, Choice | Several | Day | Number):
            self.labels.append(block.label)
        return super().show(block, report)

    def columns(self, block: Beside) -> list:
        return list(super().columns(block))


def texts_of(page: str, role: str, code: str, part: str) -> tuple[list[str], Report, list[str]]:
    """What a page says in a language: titles, notes, figures, headings and words of tables; its report, and its parts."""
    i18n.language.set(code)
    visit = open_sample_visit(ROLES[role])
    visit.own = {"part": part} if part else {}
    open_visit(visit)
    surface = Reading(dict(visit.own))
    report = walk.walk(walk.find(page), visit, surface)
    said = [report.title, report.answer, *report.notes, *surface.labels]
    for figure in report.figures:
        said += [
            i18n._(terms.term(figure.term).label),
            i18n._(terms.term(figure.term).definition),
            figure.comparison,
            figure.coverage,
        ]
    for table in report.tables:
        said += [table.title, table.notes]
        for key in table.rows.columns:
            column = columns.column(key, table.key)
            said += [i18n._(column.heading), i18n._(column.definition)]
            if column.kind == "word":
                said += sorted(set(columns.presented(table.rows[[key]], table.key).iloc[:, 0].dropna().astype("str")))
        headings = [columns.heading(key, table.key) for key in table.rows.columns]
        assert len(set(headings)) == len(headings), f"{code}: two columns of {table.key} have one heading: {headings}"
    return [text for text in said if text], report, report.parts


def parts_of(page: str, role: str) -> list[str]:
    return texts_of(page, role, i18n.SOURCE, "")[2] or [""]


def letters(text: str) -> bool:
    return bool(re.search(r"[A-Za-z]{3}", text))


SAME_IN_BOTH = re.compile(r"^(?:[A-Z]{2,5}|CSV|JSON|ODS|Excel|Meridian|[\W\d_]*)$")


@pytest.mark.usefixtures("deployment")
@pytest.mark.parametrize("code", OTHERS)
@pytest.mark.parametrize("role", ROLES)
def test_no_english_is_left_on_any_page_role_and_part(code: str, role: str) -> None:
    alike = {
        one for m in catalogue(code) if m.id for one in forms(m) if one == (m.id if isinstance(m.id, str) else m.id[0])
    }
    for page in some(list(listed()), 4, role, code):
        for part in some(parts_of(page, role), 3, page, role, code):
            english, _report, _parts = texts_of(page, role, i18n.SOURCE, part)
            own, _own_report, _own_parts = texts_of(page, role, code, part)
            left = {text for text in set(english) & set(own) if letters(text)} - alike
            assert not [text for text in left if not SAME_IN_BOTH.match(text)], (page, part, left)
            for text in own:
                assert "  " not in text and "{" not in text, (page, part, text)


@pytest.mark.usefixtures("deployment")
@pytest.mark.parametrize("page", listed())
def test_files_of_two_languages_differ_by_words_alone(page: str) -> None:
    role = "steward"
    reports = {code: texts_of(page, role, code, "")[1] for code in ("en", "de", "ru")}
    for code in ("de", "ru"):
        assert [(f.term, f.value) for f in reports[code].figures] == [(f.term, f.value) for f in reports["en"].figures]
        for own, english in zip(reports[code].tables, reports["en"].tables, strict=True):
            assert own.key == english.key and list(own.rows.columns) == list(english.rows.columns)
            numbers = [
                key
                for key in english.rows
                if columns.column(key, own.key).kind not in ("text", "word", "code", "country", "quarter")
            ]
            shown = [key for key in english.rows if columns.column(key, own.key).kind in ("word", "code", "country")]
            by = [key for key in [*shown, *numbers] if key in english.rows]
            if by:
                left, right = (
                    frame.rows[by].astype("str").sort_values(by).reset_index(drop=True) for frame in (own, english)
                )
                pd.testing.assert_frame_equal(left, right)


@pytest.mark.usefixtures("deployment")
def test_nothing_kept_crosses_languages() -> None:
    once = {code: texts_of("initiatives", "funder", code, "")[0] for code in ("en", "de", "ru")}
    again = {code: texts_of("initiatives", "funder", code, "")[0] for code in ("ru", "en", "de")}
    assert once == again
    assert once["en"] != once["de"] != once["ru"]


@pytest.fixture
def pseudo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """One language more, by a catalogue and nothing else: every text in marks."""
    made = Catalog(locale=PSEUDO)
    for message in source():
        if message.id:
            ids = [message.id] if isinstance(message.id, str) else list(message.id)
            marked = [f"⟦{one}⟧" for one in ids]
            made.add(message.id, marked[0] if isinstance(message.id, str) else tuple(marked))
    folder = tmp_path / PSEUDO / "LC_MESSAGES"
    folder.mkdir(parents=True)
    with (folder / f"{i18n.DOMAIN}.po").open("wb") as file:
        write_po(file, made)
    monkeypatch.setattr(i18n, "LOCALE_DIR", tmp_path)
    i18n.languages.cache_clear()
    i18n._catalogue.cache_clear()
    yield
    i18n.languages.cache_clear()
    i18n._catalogue.cache_clear()


@pytest.mark.usefixtures("deployment", "pseudo")
@pytest.mark.parametrize("role", ["funder", "steward"])
def test_a_language_is_a_catalogue_and_every_text_of_every_page_comes_from_it(role: str) -> None:
    assert PSEUDO in i18n.languages()
    for page in listed():
        for part in some(parts_of(page, role), 2, page, role):
            said, _report, _parts = texts_of(page, role, PSEUDO, part)
            unmarked = [text for text in said if letters(text) and "⟦" not in text and not SAME_IN_BOTH.match(text)]
            assert unmarked == [], (page, part, unmarked)


def glossary_of_banned() -> dict[str, list[str]]:
    """Words that must not be used, per language, as the glossary lists them."""
    text = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
    rows = re.findall(r"^- ([^|\n]+) \| ([^|\n]+) \| ([^|\n]+)$", text, re.MULTILINE)
    return {
        code: [word.strip().casefold() for row in rows for word in re.split(r"[;,/]", row[place])]
        for place, code in enumerate(("en", "de", "ru"))
    }


@pytest.mark.parametrize("code", OTHERS)
def test_words_that_say_what_we_do_not_know_are_nowhere_in_a_language(code: str) -> None:
    banned = glossary_of_banned()[code]
    assert len(banned) >= 5
    avoided = set(terms_about_words())
    for message in catalogue(code):
        if message.id and (message.id if isinstance(message.id, str) else message.id[0]) not in avoided:
            for form in forms(message):
                assert not [w for w in banned if re.search(rf"\b{re.escape(w)}\b", form.casefold())], form


def terms_about_words() -> list[str]:
    """Sentences that speak of such a word to say that it is avoided."""
    from dashboard.answers import definitions

    i18n.language.set(i18n.SOURCE)
    return definitions.words_avoided()
