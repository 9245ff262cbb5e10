"""Where money is missing: the cliff, the largest gaps, dependence on one funder, newcomers."""

import streamlit as st

from dashboard import charts, portfolio, view, words
from dashboard.i18n import _
from dashboard.metrics import funding
from dashboard.metrics.statistics import Coverage
from dashboard.report import Figure

visit = view.begin("funding_gaps", _("Where is money missing?"), ("host_countries", "activities", "audiences", "funders", "period"))
currency, as_of = visit.currency, visit.as_of

picture = portfolio.picture(visit)
lines = funding.coverage_lines(picture.lines)
totals = funding.coverage_totals(lines)
monthly = picture.monthly
cliff = funding.cliff(monthly, as_of, picture.last_day)
leaning = funding.dependence(picture.grants)
judged = leaning["is_dependent"].notna()
new = funding.newcomers(picture.signed)
this_year = new[new["year"] == picture.year]

if totals.need and cliff.below_need is not None:
    view.answer(
        _("Signed money covers {share} of the need stated for {year}; from {month} it is below three quarters of need.").format(
            share=words.percent(totals.coverage_capped), year=picture.year, month=words.month(cliff.below_need)
        )
    )
elif totals.need:
    view.answer(
        _("Signed money covers {share} of the need stated for {year}.").format(share=words.percent(totals.coverage_capped), year=picture.year)
    )
else:
    view.answer(_("No need is stated for {year} under this choice, so a gap cannot be computed.").format(year=picture.year))

first_time = this_year["newcomers"].iloc[0] if len(this_year) else None
view.figures(
    [
        Figure("need_covered", totals.coverage_capped, words.percent(totals.coverage_capped),
               _("of {need} stated for {year}").format(need=words.money(totals.need, currency), year=picture.year),
               _("need known for {k} of {n} lines").format(k=totals.lines.known, n=totals.lines.total)),
        Figure("gap", totals.gap / 100, words.money(totals.gap, currency),
               _("surplus elsewhere {s}").format(s=words.money(totals.surplus, currency)), words.based_on(totals.lines)),
        Figure("monthly_signed", cliff.today / 100, words.money(cliff.today, currency),
               _("below 75 % of need from {month}").format(month=words.month(cliff.below_need)) if cliff.below_need is not None
               else _("not below 75 % of stated need"), picture.coverage_words),
        Figure("dependent", int(leaning["is_dependent"].fillna(False).sum()), words.number(leaning["is_dependent"].fillna(False).sum()),
               _("of {n} organisations with signed money").format(n=len(leaning)), words.based_on(Coverage(int(judged.sum()), len(leaning)))),
        Figure("newcomers", first_time, words.number(first_time),
               _("of {n} grantees in {year} so far").format(n=words.number(this_year["grantees"].iloc[0]) if len(this_year) else 0, year=picture.year),
               _("{year} cannot be judged").format(year=new["year"].min()) if len(new) else ""),
    ]
)  # fmt: skip

cliff_title = (
    _("Signed money falls below need from {month}").format(month=words.month(cliff.below_need))
    if cliff.below_need is not None
    else _("Signed money and stated need by month")
)
view.chart(
    "cliff",
    cliff_title,
    charts.cliff(monthly, as_of, currency),
    monthly[["month", "signed", "pledged", "need"]],
    _("Signed money spread over each grant's days, in {currency}; dark to {day}, light after. Pledges are outlined and not counted.").format(
        currency=currency, day=words.day(as_of)
    ),
    charts.alternative(cliff_title, charts.month_names(monthly["month"]), [words.money(v, currency) for v in monthly["signed"]]),
)

by = st.segmented_control(
    _("Gaps by"),
    ["line", "activity", "host_country"],
    default="line",
    required=True,
    key="gaps_by",
    format_func=lambda key: {"line": _("Project"), "activity": _("Activity"), "host_country": _("Host country")}[key],
)
ranked = portfolio.ranked_gaps(picture, by).head(15)
gap_title = _("The largest gaps in {year}").format(year=picture.year)
view.chart(
    "gaps",
    gap_title,
    charts.ranked_bars(
        ranked.assign(funded_major=(ranked["need"] - ranked["gap"]) / 100, gap_major=ranked["gap"] / 100),
        by,
        [("funded_major", _("covered")), ("gap_major", _("gap"))],
        portfolio.names(by, ranked),
        text=[words.money(gap, currency) for gap in ranked["gap"]],
    ),
    ranked[[by, "need", "funded", "gap", "surplus", "coverage"]],
    _("Need stated for {year} and what signed money meets of it, in {currency}; the 15 largest gaps.").format(year=picture.year, currency=currency),
    charts.alternative(gap_title, list(portfolio.names(by, ranked).values()), [words.money(gap, currency) for gap in ranked["gap"]]),
)

left, right = st.columns(2, gap="large")
with left:
    dependent = leaning[leaning["is_dependent"].fillna(False)].head(20)
    view.table(
        "dependence",
        _("{n} organisations lean on one funder").format(n=words.number(leaning["is_dependent"].fillna(False).sum())),
        dependent[["organisation", "total", "funders", "largest_funder", "low", "high"]],
        _("More than half of all signed money on record from one funder; up to 20 shown."),
    )
with right:
    years = new.assign(returning=new["grantees"] - new["newcomers"])
    years_title = _("New and returning grantees by year")
    view.chart(
        "newcomers",
        years_title,
        charts.columns_over_time(years.assign(when=years["year"].astype("str")), "when",
                                 [("newcomers", _("first-time")), ("returning", _("returning"))]),
        years[["year", "grantees", "newcomers", "returning"]],
        _("Organisations that signed a grant. The first recorded year cannot be judged and stays empty."),
        charts.alternative(years_title, list(years["year"].astype("str")), [words.number(n) for n in years["newcomers"]]),
    )  # fmt: skip

view.table(
    "lines",
    _("All lines with need, signed money and gap"),
    portfolio.all_lines(lines),
    _("A line is a project. Lines without a stated need keep their signed money beside the totals, never inside."),
)
view.table("to_fix", _("Grants to fix"), funding.to_fix(picture.grants), _("Left out of the figures above until somebody mends them."))
view.about(
    _("Pledges are not counted. Cancelled grants are out. Re-granted money is counted once, where it ends up."),
    _("Needs are as stated by organisations on the dates recorded; stating large needs is rewarded by this measure."),
    picture.coverage_words,
    picture.rate_words,
    _("Money for several countries or activities without declared shares is split equally."),
)
