"""Who does the same: pairs worth a conversation, each with its reasons, and who works on what where."""

import streamlit as st

from dashboard import view
from dashboard.i18n import _
from dashboard.topics import overlap

visit = view.begin("overlap", _("Who does the same?"), ("host_countries", "activities", "audiences", "funders"))
found = overlap.find(visit)

view.summary(overlap.summary(found))

st.subheader(_("The strongest pairs to check"), anchor=False)
st.caption(_("Similar does not mean wasteful: several providers can be right. Open a pair to see why it is listed."))
for card in overlap.strongest(visit, found):
    view.card(card.headline, card.lines)

if grid := overlap.providers(found):
    view.chart(grid)
view.table(overlap.similar(found))
view.about(*overlap.notes(found))
