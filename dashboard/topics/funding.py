"""Where money is missing: the cliff, the largest gaps, dependence, newcomers, and grants to fix."""

from __future__ import annotations

import pandas as pd

from dashboard import charts, labels, words
from dashboard.i18n import _
from dashboard.metrics import funding
from dashboard.metrics.statistics import Coverage
from dashboard.report import Chart, Figure, Summary, Table
from dashboard.topics.portfolio import Portfolio, by_part

GAPS_SHOWN = 15
DEPENDENT_SHOWN = 20


def summary(money: Portfolio) -> Summary:
    """The answer sentence and the five KPIs of METHODS E.2."""
    fall, leaning = money.cliff, money.leaning
    judged = Coverage(int(leaning["is_dependent"].notna().sum()), len(leaning))
    dependent = int(leaning["is_dependent"].fillna(False).sum())
    return Summary(
        sentence(money),
        [
            covered(money),
            gap(money),
            Figure(
                "monthly_signed",
                fall.today / 100,
                words.money(fall.today, money.currency),
                fall_words(money),
                money.coverage_words,
            ),
            Figure(
                "dependent",
                dependent,
                words.number(dependent),
                _("of {n} organisations with signed money").format(n=words.number(len(leaning))),
                words.based_on(judged),
            ),
            _newcomers_figure(money),
        ],
    )


def covered(money: Portfolio) -> Figure:
    """The share of stated need that signed money meets."""
    totals = money.totals
    return Figure(
        "need_covered",
        totals.coverage_capped,
        words.percent(totals.coverage_capped),
        _("of {need} stated for {year}").format(need=words.money(totals.need, money.currency), year=money.year),
        _("need known for {k} of {n} lines").format(k=totals.lines.known, n=totals.lines.total),
    )


def gap(money: Portfolio) -> Figure:
    """The sum of line gaps, unknown when no need is stated."""
    totals = money.totals
    missing = totals.gap if totals.need else None
    return Figure(
        "gap",
        None if missing is None else missing / 100,
        words.money(missing, money.currency),
        _("surplus elsewhere {s}").format(s=words.money(totals.surplus, money.currency)),
        words.based_on(totals.lines),
    )


def sentence(money: Portfolio) -> str:
    """How much of the need is covered, and when signed money falls under it."""
    if not money.totals.need:
        return _("No need is stated for {year} under this choice, so a gap cannot be computed.").format(year=money.year)
    covered = _("Signed money covers {share} of the need stated for {year}").format(
        share=words.percent(money.totals.coverage_capped), year=money.year
    )
    return f"{covered}; {fall_words(money)}."


def fall_words(money: Portfolio) -> str:
    """When signed money falls under three quarters of the need it is compared with."""
    below = money.cliff.below_need
    if below is None:
        return _("it stays above 75 % of need as far as need is stated")
    if below <= money.as_of:
        return _("it is below 75 % of need already")
    return _("from {month} it is below 75 % of need").format(month=words.month(below))


def _newcomers_figure(money: Portfolio) -> Figure:
    new = money.newcomers
    row = new[new["year"] == money.year]
    if row.empty or pd.isna(row["newcomers"].iloc[0]):
        return Figure("newcomers", None, "–", _("{year} cannot be judged").format(year=money.year))
    first, all_of_them = int(row["newcomers"].iloc[0]), int(row["grantees"].iloc[0])
    comparison = _("of {n} grantees in {year} so far").format(n=words.number(all_of_them), year=money.year)
    unjudged = _("{year} cannot be judged").format(year=new["year"].min())
    return Figure("newcomers", first, words.number(first), comparison, unjudged)


def cliff(money: Portfolio) -> Chart:
    """Signed money per month against stated need, pledges outlined."""
    below = money.cliff.below_need
    title = (
        _("Signed money falls below need from {month}").format(month=words.month(below))
        if below is not None and below > money.as_of
        else _("Signed money and stated need by month")
    )
    rows = money.monthly
    return Chart(
        "cliff",
        title,
        rows[["month", "signed", "signed_on_need", "pledged", "need"]],
        _(
            "Spread over each grant's days, in {currency}; dark up to {day}. Pledges are outlined and not counted."
        ).format(currency=money.currency, day=words.day(money.as_of)),
        charts.cliff(rows, money.as_of, money.currency),
        charts.alternative(
            title,
            [words.short_month(month) for month in rows["month"]],
            [words.money(v, money.currency) for v in rows["signed"]],
        ),
    )


def gap_names() -> dict[str, str]:
    """What gaps can be ranked by."""
    return {"line": _("Project"), "activity": _("Activity"), "host_country": _("Host country")}


def gaps(money: Portfolio, by: str) -> Chart:
    """The largest gaps of the year by line, activity or host_country."""
    ranked = ranked_gaps(money, by).head(GAPS_SHOWN)
    names = {value: value if by == "line" else labels.code(by, value) for value in ranked[by]}
    amounts = [words.money(gap, money.currency) for gap in ranked["gap"]]
    bars = ranked.assign(met=(ranked["need"] - ranked["gap"]) / 100, missing=ranked["gap"] / 100)
    title = _("The largest gaps in {year}").format(year=money.year)
    return Chart(
        "gaps",
        title,
        ranked[[by, "need", "funded", "gap", "surplus", "coverage"]],
        _("Need stated for {year} and what signed money meets of it, in {currency}; up to {n} shown.").format(
            year=money.year, currency=money.currency, n=GAPS_SHOWN
        ),
        charts.ranked_bars(bars, by, [("met", _("covered")), ("missing", _("gap"))], names, text=amounts),
        charts.alternative(title, list(names.values()), amounts),
    )


def ranked_gaps(money: Portfolio, by: str) -> pd.DataFrame:
    """Lines, activities or countries with a gap, largest first; a line becomes a readable name."""
    summed = by_part(money, [by])
    ranked = summed[summed["gap"] > 0].sort_values(["gap", by], ascending=[False, True]).reset_index(drop=True)
    if by == "line":
        known = money.lines.set_index("line")
        ranked["line"] = [f"{known['name'][line]} · {known['organisation'][line]}" for line in ranked["line"]]
    return ranked


def dependence(money: Portfolio) -> Table:
    """Organisations with more than half of their signed money from one funder."""
    leaning = money.leaning
    dependent = leaning[leaning["is_dependent"].fillna(False).astype(bool)]
    return Table(
        "dependence",
        _("{n} organisations lean on one funder").format(n=words.number(len(dependent))),
        dependent.head(DEPENDENT_SHOWN)[["organisation", "total", "funders", "largest_funder", "low", "high"]],
        _("More than half of all signed money on record from one funder; up to {n} shown.").format(n=DEPENDENT_SHOWN),
    )


def newcomers(money: Portfolio) -> Chart:
    """First-time and returning grantees by year."""
    years = money.newcomers
    years = years.assign(returning=years["grantees"] - years["newcomers"], year=years["year"].astype("str"))
    title = _("New and returning grantees by year")
    columns = [("newcomers", _("first-time")), ("returning", _("returning"))]
    return Chart(
        "newcomers",
        title,
        years[["year", "grantees", "newcomers", "returning"]],
        _("Organisations that signed a grant. The first recorded year cannot be judged and stays empty."),
        charts.columns_over_time(years, "year", columns),
        charts.alternative(title, list(years["year"]), [words.number(n) for n in years["newcomers"]]),
    )


def lines(money: Portfolio) -> Table:
    """Every line, largest gap first, unknown need last."""
    rows = funding.coverage_lines(money.lines).assign(line=money.lines["name"])
    rows = rows.sort_values("gap", ascending=False, na_position="last")
    return Table(
        "lines",
        _("All lines with need, signed money and gap"),
        rows[["line", "organisation", "need", "funded", "gap", "surplus", "coverage"]],
        _("A line is a project. Lines without a stated need keep their signed money beside the totals, never inside."),
    )


def to_fix(money: Portfolio) -> Table:
    """What the figures left out."""
    note = _("Left out of the figures above until somebody mends them.")
    return Table("to_fix", _("Grants to fix"), funding.to_fix(money.grants), note)
