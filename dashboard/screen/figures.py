"""A row of KPIs as one element: label, value, comparison and coverage, and the definition to hover, focus or tap."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from dashboard.page.blocks import Figure
from dashboard.screen.texts import safe
from dashboard.words import terms
from data_access.i18n import _

CARD = """<div class="meridian-figure" role="group" aria-label="{label}">
<div class="meridian-label"><span>{label}</span><button type="button" class="meridian-term" aria-label="{about}" data-term="{term}">?</button></div>
<div class="meridian-value">{value}</div><div class="meridian-beside">{beside}</div></div>"""


def draw(items: Sequence[Figure]) -> None:
    """Draw KPIs beside each other; on a phone two in a row."""
    if items:
        st.html(f'<div class="meridian-figures">{"".join(map(_card, items))}</div>')


def glance(title: str, lines: Sequence[tuple[str, float | None, str]], *, is_missing: bool) -> None:
    """Draw the first lines of an answer: a name, its bar, and what is said of it; in the colour of what is missing if it is."""
    if lines:
        drawn = "".join(
            f"<li><span>{safe(name)}</span><b>{safe(said)}</b>{_bar(length)}</li>" for name, length, said in lines
        )
        look = "meridian-glance meridian-missing" if is_missing else "meridian-glance"
        st.html(f'<div class="{look}"><div>{safe(title)}</div><ol>{drawn}</ol></div>')


def _bar(length: float | None) -> str:
    return "" if length is None else f'<i style="width:{max(0.01, min(1.0, length)):.1%}"></i>'


def _card(item: Figure) -> str:
    term = terms.term(item.term)
    label = _(term.label)
    return CARD.format(
        label=safe(label),
        about=safe(_("What “{label}” means").format(label=label)),
        term=safe(_(term.definition)),
        value=safe(item.shown),
        beside=safe(" · ".join(text for text in (item.comparison, item.coverage) if text)),
    )
