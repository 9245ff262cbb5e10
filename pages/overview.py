"""The four answers, and where need and crowding meet: host country by activity."""

import streamlit as st

from dashboard import answers, charts, crossing, portfolio, view, words
from dashboard.i18n import _

visit = view.begin("overview", _("Civil society in exile at a glance"), ("host_countries", "activities", "audiences", "funders", "period"))

picture = portfolio.picture(visit)
sections = [answers.where(visit), answers.money(visit, picture), answers.overlap(visit), answers.relocation(visit)]

view.answer(_("Four questions, one network: where it works, where money is missing, who does the same, how fast people reach safety."))
view.figures([section.figure for section in sections])
for column, section in zip(st.columns(4), sections, strict=True):
    column.markdown(view.plain(section.sentence))
    with column:
        view.link_to(section.page, section.question)

cells = crossing.cells(visit, picture)
if len(cells):
    title = crossing.title(cells)
    shown = crossing.shown(cells)
    view.chart(
        "crossing",
        title,
        charts.grid(shown, "country", "work", "text", "signal", crossing.levels()),
        cells[["host_country", "activity", "organisations", "need", "funded", "coverage", "signal"]],
        _("Each cell: distinct organisations, and how much of the need stated for {year} signed money covers. {legend}").format(
            year=picture.year, legend=crossing.legend()
        ),
        charts.alternative(title, list(shown["country"] + " · " + shown["work"]), list(shown["text"])),
    )

view.about(
    _("A cell counts running projects recorded for that country and activity. None recorded is an absence of records, not of work."),
    _("Coverage is computed only where a need is stated; “?” says it is not."),
    picture.coverage_words,
    picture.rate_words,
)
