"""Who does the same: pairs worth a conversation, each with its reasons, and who works on what where."""

import streamlit as st

from dashboard import charts, evidence, labels, view, words
from dashboard.data import read
from dashboard.i18n import _, ngettext
from dashboard.metrics import overlap
from dashboard.report import Figure
from data_access import queries

visit = view.begin("overlap", _("Who does the same?"), ("host_countries", "activities", "audiences", "funders"))
filters, viewer = visit.filters, visit.viewer

answers = read(queries.overlap.answers(viewer))
pairs = overlap.reviewed(read(queries.overlap.pairs(filters, viewer)), answers)
counts = pairs["status"].value_counts()
grid = read(queries.overlap.grid(filters, viewer))
agreed, judged = overlap.agreement(pairs)
to_check = int(counts.get("possible_duplication", 0))

view.answer(
    ngettext(
        "{n} pair of projects looks alike, runs together and is not known to coordinate.",
        "{n} pairs of projects look alike, run together and are not known to coordinate.",
        to_check,
    ).format(n=words.number(to_check))
    if to_check
    else _("No pair reaches the mark for checking; {n} cannot be judged until facts are filled in.").format(
        n=words.number(counts.get("cannot_tell", 0))
    )
)
single = int((grid["organisations"] == 1).sum())
view.figures(
    [
        Figure("pairs_to_check", to_check, words.number(to_check), _("of {n} pairs compared closely").format(n=words.number(len(pairs)))),
        Figure("coordinated", int(counts.get("coordinated", 0)), words.number(counts.get("coordinated", 0)), _("similar and known to work together")),
        Figure("cannot_tell", int(counts.get("cannot_tell", 0)), words.number(counts.get("cannot_tell", 0)), _("missing facts keep them open")),
        Figure("one_provider", single, words.number(single), _("of {n} recorded cells").format(n=words.number(len(grid)))),
        Figure("agreement", agreed if judged else None, _("{k} of {n}").format(k=agreed, n=judged) if judged else "–",
               _("so far") if judged else _("no suggestion has been answered yet")),
    ]
)  # fmt: skip

st.subheader(_("The strongest pairs to check"), anchor=False)
st.caption(_("Similar does not mean wasteful: several providers can be right. Open a pair to see why it is listed."))
for card in evidence.cards(visit, pairs[pairs["status"] == "possible_duplication"].head(8)):
    with st.expander(view.plain(card.headline)):
        st.markdown("\n".join(f"- **{view.plain(name)}**: {view.plain(text)}" for name, text in card.lines))

if len(grid):
    cells = evidence.grid_cells(grid)
    title = _("{n} of {m} combinations have a single provider").format(n=words.number(single), m=words.number(len(grid)))
    view.chart(
        "grid",
        title,
        charts.grid(cells, "country", "work", "text", "word", evidence.grid_levels()),
        grid.sort_values("organisations", ascending=False),
        _("Distinct organisations with a running project, by host country and activity; the busiest twelve of each. A dash: none recorded."),
        charts.alternative(title, list(cells["country"] + " · " + cells["work"]), list(cells["text"])),
    )

view.table(
    "pairs",
    _("All similar pairs"),
    evidence.pair_table(pairs),
    _("Most similar first. At least and at most say what missing facts could change."),
)
view.about(
    _("Only facts entered here are compared. The score weighs activity {a}, host country {c}, audience {u} and language {l}.").format(
        a=words.percent(overlap.WEIGHTS["activity"]), c=words.percent(overlap.WEIGHTS["host_country"]),
        u=words.percent(overlap.WEIGHTS["audience"]), l=words.percent(overlap.WEIGHTS["language"]),
    ),
    _("Marks of {p} and {r} are starting values, not yet validated.").format(p=words.percent(overlap.POSSIBLE), r=words.percent(overlap.RELATED)),
    *(f"{labels.word(status)}: {words.number(n)}" for status, n in counts.items()),
)  # fmt: skip
