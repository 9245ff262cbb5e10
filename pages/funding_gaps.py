"""Where money is missing: the cliff, the largest gaps, dependence on one funder, newcomers."""

import streamlit as st

from dashboard import view
from dashboard.i18n import _
from dashboard.topics import funding, portfolio

visit = view.begin(
    "funding_gaps",
    _("Where is money missing?"),
    ("host_countries", "activities", "audiences", "funders", "period"),
)
money = portfolio.picture(visit)

view.summary(funding.summary(money))
view.chart(funding.cliff(money))

view.chart(funding.gaps(money, view.choose(st, "gaps", _("Gaps by"), funding.gap_names())))

view.chart(funding.newcomers(money))
view.table(funding.dependence(money))
view.table(funding.lines(money))
view.table(funding.to_fix(money))

view.about(
    _("Pledges are not counted. Cancelled grants are out. Re-granted money is counted once, where it ends up."),
    _("Needs are as stated by organisations on the dates recorded; stating large needs is rewarded by this measure."),
    money.coverage_words,
    money.rate_words,
    _("Money for several countries or activities without declared shares is split equally."),
)
