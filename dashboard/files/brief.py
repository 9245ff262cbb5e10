"""Two printed pages for a board or a ministry: answers, charts, definitions, date, filters and limits, of any page.

Of the overview they hold the four answers and their charts, of another page what it shows of the part that is open.

An HTML file that needs nothing from outside and prints as two A4 pages; bars are boxes of the page itself, so that every
script prints with the reader's own fonts. For funders, cases come from published figures alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import Any

import pandas as pd

from dashboard.answers import (
    cases,
    four_questions,
    gaps,
    initiatives,
    live_or_published,
    overlap,
    portfolio,
    published,
)
from dashboard.answers.crossing import UNPLACED
from dashboard.files import formats
from dashboard.page import links, registry
from dashboard.page.blocks import Chart, Report, Table
from dashboard.page.opening import open_view
from dashboard.page.visit import Visit, current, open_visit
from dashboard.page.walk import one
from dashboard.words import columns, terms, written
from data_access.i18n import N_, _, language
from data_access.viewer import Viewer

BARS, FEW_MORE, ROWS, TABLES, COLUMNS = 8, 2, 6, 4, 6
FIRST = "overview"
MAIN = ("gap", "people", "episodes", "initiatives", "falls", "whole_lines")
MISSING = ("gap", "falls")
WRITTEN: dict[str, Callable[[Any], str]] = {
    "percent": written.percent,
    "month": written.short_month,
    "date": written.day,
}
NUMBERS = ("money", "integer", "percent", "decimal")
STYLE = """
@page { size: A4; margin: 14mm }
* { box-sizing: border-box }
body { font: 10pt/1.35 system-ui, "Noto Sans", "DejaVu Sans", sans-serif; color: #1B2733; margin: 0 auto; max-width: 182mm }
section { break-after: page } section:last-of-type { break-after: auto } .block { break-inside: avoid }
h1 { font-size: 17pt; margin: 0 0 2mm } h2 { font-size: 11.5pt; margin: 4mm 0 1mm; color: #12436D } p { margin: 0 0 1.5mm }
.facts { color: #4A5662; font-size: 8.5pt } .limits { color: #4A5662; font-size: 7.5pt; line-height: 1.3 } .four { display: grid; grid-template-columns: 1fr 1fr; gap: 3mm }
.many { grid-template-columns: repeat(4, 1fr); gap: 2mm; font-size: 8.5pt } .many b { font-size: 12pt } dl { columns: 2; column-gap: 6mm } dt { break-after: avoid } dd { break-inside: avoid }
.answer { border: .3mm solid #D8DEE5; border-radius: 1mm; padding: 2.5mm; break-inside: avoid }
.answer b { display: block; font-size: 15pt; color: #12436D }
table { border-collapse: collapse; width: 100%; font-size: 8.5pt } td { padding: .3mm 1mm; vertical-align: middle }
.lead { font-size: 12.5pt; margin: 0 0 3mm } .rows { table-layout: fixed } .rows th { text-align: left; vertical-align: bottom; hyphens: auto; overflow-wrap: break-word; border-bottom: .3mm solid #D8DEE5 } .notes { columns: 2; column-gap: 6mm; font-size: 7.5pt } .notes p { break-inside: avoid }
.rows td { vertical-align: top; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; border-bottom: .1mm solid #E8EEF4 }
td.name { width: 36%; max-width: 60mm; overflow: hidden; text-overflow: ellipsis; white-space: nowrap } td.value { width: 20%; text-align: right; white-space: nowrap }
.bar { background: #12436D; height: 3mm; print-color-adjust: exact; -webkit-print-color-adjust: exact } .missing { background: #F46A25 }
dt { font-weight: 600; font-size: 8.5pt } dd { margin: 0 0 1mm; font-size: 8.5pt }
"""


def contents(visit: Visit, shown: Report) -> Report:
    """The brief of a page of which a reader sees `shown`."""
    if shown.page == FIRST:
        return four_answers(visit)
    return Report("brief", shown.title, shown.answer, shown.figures, shown.tables, shown.notes)


def four_answers(visit: Visit) -> Report:
    """The answers, figures and the three charts of the overview's brief, as this viewer may see them."""
    money, similar = portfolio.picture(visit), overlap.find(visit)
    four = four_questions.four(visit, money, similar)
    report = Report("brief", _("Civil society in exile: a brief"), figures=[answer.figure for answer in four])
    report.answer = "\n".join(f"{answer.question}\t{answer.sentence}" for answer in four)
    report.tables = [
        initiatives.by_country(initiatives.find(visit)),
        gaps.largest(money, "host_country"),
        *_waiting(visit),
    ]
    report.notes = [
        _("Counts what partners registered, not everything that exists. None recorded is no proof of absence."),
        _("Pledges are not counted as funding. Needs are as the initiatives stated them."),
        _("Similar projects are a question for people, not a verdict."),
        _(published.PROTECTED_NOTE)
        if not live_or_published.is_live(visit)
        else _("Exact figures of live cases: not for publication."),
    ]
    return report


def _waiting(visit: Visit) -> list[Table]:
    """Open cases by stage for who may see them live, else people relocated per published period."""
    if live_or_published.is_live(visit):
        return [cases.ages(cases.find(visit))]
    shown = published.find(visit)
    if not shown.newest:
        return []
    periods = shown.periods.tail(BARS)
    people = [
        published.shown_people(n, h) for n, h in zip(periods["relocated"], periods["relocated_hidden"], strict=True)
    ]
    rows = pd.DataFrame({"period": [written.period(code) for code in periods["period"]], "people": people})
    return [Table("brief_relocated", _("People relocated per published period"), rows, published.protection())]


def write(report: Report, tables: Sequence[Table], export_id: str) -> bytes:
    """The brief as one HTML file."""
    return _document(report.title, _pages(report, tables, export_id))


def of_link(viewer: Viewer, page: str, asked: Mapping[str, str]) -> tuple[Visit, Report]:
    """The visit of a link to a page, opened, and its brief. Raises NoSuchPage."""
    visit, _dropped = open_view(viewer, asked)
    found = registry.find(page.replace("-", "_") or FIRST)
    visit.link = links.to("" if found.file == FIRST else found.path, links.parameters(visit))
    return visit, contents(visit, one(found.file, visit, visit.own))


def pack(made: Sequence[tuple[Visit, Report]], export_id: str) -> bytes:
    """A board pack: the briefs of several pages, each with the choices of its own visit, as one HTML file to print."""
    before, parts = current(), []
    try:
        for visit, report in made:
            open_visit(visit)
            parts.append(_pages(report, report.tables, export_id))
    finally:
        open_visit(before)
    return _document(_("Board pack"), "".join(parts))


def _document(title: str, sections: str) -> bytes:
    page = (
        f'<!doctype html><html lang="{language.get()}"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f"<style>{STYLE}</style></head><body>{sections}</body></html>"
    )
    return page.encode()


def _pages(report: Report, tables: Sequence[Table], export_id: str) -> str:
    """The two pages of a brief: answers and pictures first, what words mean and the limits last."""
    facts = " · ".join(f"{label}: {text}" for label, text in formats.about(current(), Report("brief"), export_id))
    known = [_on_paper(table) for table in tables if not table.rows.empty][:TABLES]
    charts = "".join(_rows(table) if _main(table) is None else _bars(table) for table in known)
    meanings = "".join(
        f"<dt>{escape(_(term.label))}</dt><dd>{escape(_(term.definition))}</dd>"
        for term in dict.fromkeys(terms.term(item.term) for item in report.figures)
    )
    limits = "".join(f"<p>{escape(note)}</p>" for note in report.notes)
    words, bounds = escape(_("What the words mean")), escape(_("Limits"))
    return (
        f'<section><h1>{escape(report.title)}</h1><p class="facts">{escape(facts)}</p>{_answers(report)}{charts}'
        f'<div class="block"><h2>{words}</h2><dl>{meanings}</dl></div>'
        f'<div class="block"><h2>{bounds}</h2><div class="limits notes">{limits}</div></div></section>'
    )


def _answers(report: Report) -> str:
    """A box per question with its sentence; of another page its answer, and a box per figure."""
    if "\t" in report.answer:
        four = [line.split("\t") for line in report.answer.split("\n")]
        told = [(question, item.shown, said) for (question, said), item in zip(four, report.figures, strict=True)]
        lead = ""
    else:
        told = [
            (_(terms.term(item.term).label), item.shown, " · ".join(filter(None, (item.comparison, item.coverage))))
            for item in report.figures
        ]
        lead = f'<p class="lead">{escape(report.answer)}</p>'
    boxes = "".join(
        f'<div class="answer">{escape(name)}<b>{escape(shown)}</b>{escape(said)}</div>' for name, shown, said in told
    )
    return f'{lead}<div class="four{" many" if len(told) > 4 else ""}">{boxes}</div>'


def _rows(table: Table) -> str:
    """The first rows and columns of a table, and how many more there are."""
    shown = columns.presented(table.rows, table.key).iloc[:ROWS, :COLUMNS]
    kinds = [columns.column(key, table.key).kind for key in table.rows.columns]
    head = "".join(f"<th>{escape(str(name))}</th>" for name in shown.columns)
    body = "".join(
        "<tr>"
        + "".join(f"<td>{escape(_cell(value, kind))}</td>" for value, kind in zip(row, kinds, strict=False))
        + "</tr>"
        for row in shown.itertuples(index=False)
    )
    return (
        f'<div class="block"><h2>{escape(table.title)}</h2><p class="limits">{escape(table.note)}</p>'
        f'<table class="rows"><tr>{head}</tr>{body}</table>{_more(table, len(shown))}</div>'
    )


def _cell(value: Any, kind: str) -> str:
    if pd.isna(value):
        return "–"
    if kind in WRITTEN:
        return WRITTEN[kind](pd.Timestamp(value) if kind != "percent" else float(value))
    return written.number(value) if isinstance(value, int | float) else str(value)


def _on_paper(table: Table) -> Table:
    return (table.on_paper if isinstance(table, Chart) else None) or table


def _main(table: Table) -> int | None:
    """The place of the number that a chart's bars show; None for a table, which is printed as one."""
    if not isinstance(table, Chart) and not _is_ours(table):
        return None
    keys = list(table.rows.columns)
    numbers = [key for key in keys if columns.column(key, table.key).kind in NUMBERS]
    best = [key for key in MAIN if key in keys] or numbers
    return keys.index(best[0]) if best else None


def _is_ours(table: Table) -> bool:
    """Whether a table was made for paper: all of it is printed."""
    return table.key.startswith("brief_")


def _printed(table: Table, shown: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
    """The first rows of a table, and of a list of places whatever is in no known one, which can be larger than any of them; all,
    where hardly any would be left out. `names`: the columns that tell what a row is."""
    if _is_ours(table) or len(shown) <= BARS + FEW_MORE:
        return shown
    if len(names) > 1:
        return shown.head(BARS)
    apart = table.rows.loc[shown.index, names[0]].isin(UNPLACED)
    return shown[shown.index.isin(shown[~apart].head(BARS - int(apart.sum())).index) | apart]


def _bars(table: Table) -> str:
    """The first rows of a table as bars of its main number, of a grid its largest cells; text such as <10 has no bar."""
    shown, keys = columns.presented(table.rows, table.key), list(table.rows.columns)
    place = _main(table) or 0
    if {"country", "code"} <= {columns.column(key, table.key).kind for key in keys[:place]}:
        largest_first = pd.to_numeric(shown.iloc[:, place], errors="coerce").sort_values(ascending=False, kind="stable")
        shown = shown.loc[largest_first.index]
    telling = [n for n, key in enumerate(keys[: place or 1]) if key != "rank"]
    kinds = {n: columns.column(keys[n], table.key).kind for n in telling}
    named = [n for n, kind in kinds.items() if kind not in NUMBERS] or telling
    printed = _printed(table, shown, [keys[n] for n in named])
    names = [(n, kinds[n]) for n in named if printed.iloc[:, n].nunique() > 1] or [(n, kinds[n]) for n in named[:1]]
    look = "bar missing" if keys[place] in MISSING else "bar"
    drawn = [
        (" · ".join(_cell(row.iloc[n], kind) for n, kind in names), row.iloc[place])
        for _number, row in printed.iterrows()
    ]
    sizes = [
        0.0 if pd.isna(value) or not str(value).replace(".", "").isdigit() else float(value) for _name, value in drawn
    ]
    largest = max(sizes) or 1.0
    kind = columns.column(keys[place], table.key).kind
    lines = "".join(
        f'<tr><td class="name">{escape(name)}</td><td>'
        + (f'<div class="{look}" style="width:{size / largest * 100:.1f}%"></div>' if size else "")
        + f'</td><td class="value">{escape(value if isinstance(value, str) else _cell(value, kind))}</td></tr>'
        for (name, value), size in zip(drawn, sizes, strict=True)
    )
    heading = f"{table.title} – {shown.columns[place]}"
    note = f'<p class="limits">{escape(table.note)}</p>'
    return (
        f'<div class="block"><h2>{escape(heading)}</h2>{note}<table>{lines}</table>{_more(table, len(printed))}</div>'
    )


def _more(table: Table, printed: int) -> str:
    """How many rows of a table are not printed."""
    more = len(table.rows) - printed
    said = _("{n} more in the table").format(n=written.number(more))
    return f'<p class="limits">{escape(said)}</p>' if more > 0 else ""


FORMAT = formats.Format("html", N_("Brief, two pages to print"), "text/html", write)
