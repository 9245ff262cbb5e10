"""Texts, labels and formats a reader sees."""

from __future__ import annotations

import ast
import html
from pathlib import Path

import pandas as pd
import pytest
import streamlit as st
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from dashboard.page.blocks import Figure
from dashboard.screen import draw, figures, texts
from dashboard.words import columns, terms, written
from data_access.i18n import DOMAIN, LOCALE_DIR
from tests.conftest import ROOT

KEYWORDS = {"_": None, "N_": None, "ngettext": (1, 2)}


def extracted(*folders: str) -> set[str]:
    """Every text marked for translation in the sources."""
    found: set[str] = set()
    for folder in folders or ("dashboard", "data_access", "pages"):
        for _file, _line, message, _comments, _context in extract_from_dir(
            ROOT / folder, method_map=[("**.py", "python")], keywords=KEYWORDS
        ):
            found.add(message[0] if isinstance(message, tuple) else message)
    return found


def test_the_catalogue_is_up_to_date() -> None:
    with (LOCALE_DIR / f"{DOMAIN}.pot").open("rb") as file:
        known = {m.id[0] if isinstance(m.id, tuple) else m.id for m in read_po(file) if m.id}
    assert known == extracted(), "run `make messages`"


def untranslated(path: Path) -> list[str]:
    """Literal texts handed to Streamlit without going through translation."""
    shown = {"title", "header", "subheader", "caption", "markdown", "button", "info", "error", "warning", "write"}
    return [
        f"{path.name}:{node.lineno}"
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in shown
        and ast.unparse(node.func.value) != "logger"
        and node.args
        and isinstance(node.args[0], ast.Constant)
        and isinstance(node.args[0].value, str)
    ]


def test_every_text_goes_through_translation() -> None:
    files = [*(ROOT / "pages").glob("*.py"), *(ROOT / "dashboard").glob("*.py")]
    assert [place for path in files for place in untranslated(path)] == []


@pytest.mark.parametrize(
    ("minor", "shown"),
    [
        (123_456_789, "€1.23M"),
        (12_345_600, "€123K"),
        (99_900, "€999"),
        (53_731, "€537"),
        (99_999_99, "€100K"),
        (99_999_999, "€1M"),
        (99_960_000, "€1M"),
        (40, "€0.40"),
        (-1, "-€0.01"),
        (0, "€0"),
        (None, "–"),
        (pd.NA, "–"),
    ],
)
def test_money_has_three_significant_digits_and_unknown_a_dash(minor, shown: str) -> None:
    assert written.money(minor, "EUR") == shown


def test_unknown_figures_are_words_and_never_zero() -> None:
    assert {written.number(None), written.percent(None), written.decimal(None), written.days(None)} == {"–"}
    assert written.day(None) == "unknown"


HOSTILE = (
    "![x](http://evil.invalid/p.png)",
    "[click](javascript:alert(1))",
    "<script>alert(1)</script>",
    "' onclick='alert(1)\" onclick=\"alert(1)",
    "**b** $x$ :red[x]",
)


@pytest.mark.parametrize(
    "text",
    HOSTILE,
)
def test_markdown_from_the_database_is_made_harmless(text: str) -> None:
    escaped = draw.plain(text)
    for sign in "[]()<>*$:!":
        assert f"\\{sign}" in escaped or sign not in text


@pytest.mark.parametrize("text", HOSTILE)
def test_text_from_the_database_is_text_in_every_element_of_html(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[str] = []
    monkeypatch.setattr(st, "html", lambda body, **_how: drawn.append(body))
    shown = Figure("open_cases", text, text, comparison=text, coverage=text)
    texts.answer(text)
    texts.heading(text, text, level=2)
    texts.note(text)
    texts.sentence(text)
    texts.listing([text], [(text, text)])
    figures.draw([shown])
    figures.glance(text, [(text, 0.5, text)], is_missing=True)
    assert sum(body.count(html.escape(text)) for body in drawn) == 14
    assert len(drawn) == 7 and not any(text in body for body in drawn if html.escape(text) != text)


def test_every_term_and_column_has_a_definition() -> None:
    for entry in (*terms.TERMS.values(), *columns.COLUMNS.values()):
        assert entry.definition.endswith((".", "?"))


BANNED = ("cycle time", "backlog", "success rate", "no activity", "league table")


def test_banned_words_are_nowhere_in_the_interface() -> None:
    for text in extracted("dashboard", "pages"):
        assert not [word for word in BANNED if word in text.lower()], text


def test_every_figure_follows_a_rule_that_can_be_read_and_no_rule_is_left_over() -> None:
    assert {term.source for term in terms.TERMS.values()} == set(terms.RULES)


def test_a_figure_without_a_term_is_refused_where_it_is_made() -> None:
    with pytest.raises(KeyError, match=r"add it to TERMS of dashboard/words/terms.py"):
        Figure("planted", 1, "1")
