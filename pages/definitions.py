"""Every term and column, what it means, and where its method is written."""

import pandas as pd
import streamlit as st

from dashboard import labels, view
from dashboard.i18n import _

view.begin("definitions", _("Definitions"))
st.caption(_("What every figure on these pages means."))

st.subheader(_("Figures"), anchor=False)
terms = pd.DataFrame(
    [(_(term.label), _(term.definition)) for term in labels.TERMS.values()],
    columns=[_("Figure"), _("Meaning")],
)
st.table(terms.map(view.plain).set_index(_("Figure")))

st.subheader(_("Columns"), anchor=False)
columns = pd.DataFrame(
    [(_(column.heading), _(column.definition)) for column in labels.COLUMNS.values()],
    columns=[_("Column"), _("Meaning")],
)
st.table(columns.map(view.plain).drop_duplicates().set_index(_("Column")))

st.subheader(_("Words this house avoids"), anchor=False)
st.markdown(
    "\n".join(
        f"- {line}"
        for line in (
            _("“None recorded” is an absence of records, not of work."),
            _("“Possible duplication” is a question for people. Only people confirm it."),
            _("A pledge is not a commitment, and a commitment is not a payment."),
            _("Borders on the map follow the United Nations; the map takes no side beyond that."),
        )
    )
)
