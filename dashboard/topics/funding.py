"""Where money is missing: the cliff, the largest gaps, dependence, newcomers, and grants to fix."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pandas as pd

from dashboard import charts, filter_bar, labels, words
from dashboard.data import read, shown_once
from dashboard.i18n import _, ngettext
from dashboard.metrics import funding, survival
from dashboard.metrics.standing import CARRIED_OVER, ENTERED, LEFT, NOT_CONVERTED, OWN, PASSED_ON, RECEIVED, UNSOURCED
from dashboard.metrics.statistics import Coverage
from dashboard.report import Chart, Figure, Summary, Table
from dashboard.topics.crossing import UNDER_FUNDED_BELOW, cell_name, cell_names, laid_out, levels
from dashboard.topics.portfolio import Portfolio, by_part, converted, rows_behind
from dashboard.visit import Visit
from data_access import queries
from data_access.filters import Filters
from data_access.queries.money import Cut

GAPS_SHOWN = 15
TOP = 5
ENDING_DAYS = 180
GRID = 10
COVERED_FROM = 0.995


@shown_once
def summary(money: Portfolio) -> Summary:
    """The answer sentence and the five KPIs of METHODS E.2."""
    leaning, today = money.leaning, money.signed_today
    judged = Coverage(int(leaning["is_dependent"].notna().sum()), len(leaning))
    dependent = int(leaning["is_dependent"].fillna(False).sum())
    return Summary(
        answer(money),
        [
            covered(money),
            gap(money),
            Figure(
                "monthly_signed",
                None if today is None else today / 100,
                words.money(today, money.currency),
                fall_words(money),
                money.coverage_words,
            ),
            Figure(
                "dependent",
                dependent,
                words.number(dependent),
                ngettext(
                    "of {n} organisation that signed a grant", "of {n} organisations that signed a grant", len(leaning)
                ).format(n=words.number(len(leaning))),
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
        _("of {need} stated for {year}").format(need=words.money(totals.need, money.currency), year=money.year)
        if totals.need
        else _("no need is stated for {year}").format(year=money.year),
        _("need known for {k} of {n} lines").format(k=totals.lines.known, n=totals.lines.total),
    )


def gap(money: Portfolio) -> Figure:
    """The sum of line gaps, from the lowest to the highest stated need of each line; unknown when none is stated."""
    totals, low, high = money.totals, money.tiers["lowest"], money.tiers["highest"]
    missing = totals.gap if totals.need else None
    compared = _("surplus elsewhere {s}").format(s=words.money(totals.surplus, money.currency))
    if missing is not None and low.gap != high.gap:
        compared = _("lowest to highest stated need: {low} to {high}; surplus elsewhere {s}").format(
            **_range(money), s=words.money(totals.surplus, money.currency)
        )
    return Figure(
        "gap",
        None if missing is None else missing / 100,
        words.money(missing, money.currency),
        compared,
        words.based_on(totals.lines),
    )


def _range(money: Portfolio) -> dict[str, str]:
    """The gap by each line's lowest and highest stated need, the smaller first."""
    least, most = sorted(money.tiers[tier].gap for tier in ("lowest", "highest"))
    return {"low": words.money(least, money.currency), "high": words.money(most, money.currency)}


def tier_names() -> dict[str, str]:
    """Which stated need counts: one tier per line and day."""
    return {
        "lowest": _("lowest stated"),
        "minimum": _("minimum"),
        "budget": _("budget"),
        "ambition": _("ambition"),
    }


def confidence_names() -> dict[str, str]:
    """Whether statements of low confidence count."""
    return {"all": _("all statements"), "sure": _("without those of low confidence")}


def tiers(money: Portfolio) -> Table:
    """Need, signed money and gap under each tier, side by side; tiers are never added."""
    rows = [(tier, t.lines.known, t.need, t.funded, t.gap, t.coverage_capped) for tier, t in money.tiers.items()]
    columns = ["tier", "lines_stating", "need", "funded", "gap", "coverage"]
    whole = dict.fromkeys(("lines_stating", "need", "funded", "gap"), "Int64")
    table = pd.DataFrame(rows, columns=columns).astype(whole | {"coverage": "Float64"})
    is_stated = table["lines_stating"] > 0
    table[["need", "funded", "gap"]] = table[["need", "funded", "gap"]].where(is_stated)
    low, high = money.tiers["lowest"], money.tiers["highest"]
    title = _("Need by tier in {year}").format(year=money.year)
    if low.need and low.gap != high.gap:
        title = _("Between {low} and {high} are missing in {year}, by the need one counts").format(
            **_range(money), year=money.year
        )
    return Table(
        "need_tiers",
        title,
        table,
        _(
            "A minimum lies inside a budget, a budget inside an ambition: they are never added. Each tier counts the lines that "
            "state it; lowest and highest take what each line states, day by day. {n} lines state none."
        ).format(n=words.number(low.lines.total - low.lines.known)),
    )


def tier_words(money: Portfolio) -> str:
    """Which need the figures of this page count."""
    said = {
        "lowest": _("Need: each line's lowest stated."),
        "minimum": _("Need: stated minimums alone."),
        "budget": _("Need: stated budgets alone."),
        "ambition": _("Need: stated ambitions alone."),
    }[money.tier]
    return f"{said} {_('Statements of low confidence are left out.')}" if money.only_sure else said


def answer(money: Portfolio) -> str:
    """How much is missing by the need one counts, then how much is covered."""
    low, high = money.tiers["lowest"], money.tiers["highest"]
    if not low.need or low.gap == high.gap:
        return sentence(money)
    missing = _("Between {low} and {high} are missing in {year}, counting each line's lowest or highest stated need.")
    return f"{missing.format(**_range(money), year=money.year)} {sentence(money)}"


def sentence(money: Portfolio) -> str:
    """How much of the need is covered, and when signed money falls under it."""
    if not money.totals.need:
        return _("No need is stated for {year} under this choice, so a gap cannot be computed.").format(year=money.year)
    below, share = money.cliff.below_need, words.percent(money.totals.coverage_capped)
    if money.monthly.loc[money.monthly["month"] >= money.as_of.to_period("M").start_time, "need"].notna().sum() == 0:
        text = _("Signed money covers {share} of the need stated for {year}; no need is stated from this month on.")
        return text.format(share=share, year=money.year)
    if below is None:
        text = _(
            "Signed money covers {share} of the need stated for {year}; it stays at 75 % of need or more as far as need is "
            "stated."
        )
        return text.format(share=share, year=money.year)
    if below <= money.as_of:
        text = _(
            "Signed money covers {share} of the need stated for {year}; this month it is already below 75 % of need."
        )
        return text.format(share=share, year=money.year)
    return _(
        "Signed money covers {share} of the need stated for {year}; from {month} it is below 75 % of need."
    ).format(share=share, year=money.year, month=words.month(below))


def fall_words(money: Portfolio) -> str:
    """When signed money falls under three quarters of the need it is compared with."""
    below = money.cliff.below_need
    ahead = money.monthly[money.monthly["month"] >= money.as_of.to_period("M").start_time]
    if ahead["need"].notna().sum() == 0:
        return _("no need is stated from this month on")
    if below is None:
        return _("it stays at 75 % of need or more as far as need is stated")
    if below <= money.as_of:
        return _("this month it is already below 75 % of need")
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


@shown_once
def cliff(money: Portfolio) -> Chart:
    """Signed money per month against stated need, pledges outlined."""
    below = money.cliff.below_need
    title = (
        _("Signed money is below 75 % of need from {month}").format(month=words.month(below))
        if below is not None and below > money.as_of
        else _("Signed money and stated need by month")
    )
    rows = money.monthly
    return Chart(
        "cliff",
        title,
        rows[["month", "signed", "signed_on_need", "pledged", "need"]],
        _(
            "Spread over each grant's days, in {currency}; dark up to {day}. Pledges are outlined and not counted. 75 % of need "
            "is measured on the lines that state one. {need}"
        ).format(currency=money.currency, day=words.day(money.as_of), need=tier_words(money)),
        charts.cliff(rows, money.as_of, money.currency),
        charts.alternative(
            title,
            [words.short_month(month) for month in rows["month"]],
            [words.money(v, money.currency) for v in rows["signed"]],
        ),
        filter_bar.choose_row("cliff"),
    )


def part_names() -> dict[str, str]:
    """The parts of the funding page."""
    return {
        "gaps": _("Gaps"),
        "dependence": _("Who depends on whom"),
        "reach": _("Whom money reaches"),
        "records": _("Records to fix"),
    }


def gap_names() -> dict[str, str]:
    """What gaps can be ranked by."""
    return {"line": _("Project"), "activity": _("Activity"), "host_country": _("Host country")}


@shown_once
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
        _("Need stated for {year} and what signed money meets of it, in {currency}; up to {n} shown. {need}").format(
            year=money.year, currency=money.currency, n=GAPS_SHOWN, need=tier_words(money)
        ),
        charts.ranked_bars(bars, by, [("met", _("covered")), ("missing", _("gap"))], names, text=amounts),
        charts.alternative(title, list(names.values()), amounts),
        filter_bar.choose_row("gaps"),
    )


def ranked_gaps(money: Portfolio, by: str) -> pd.DataFrame:
    """Lines, activities or countries with a gap, largest first; a line becomes a readable name, and lines of the same
    name are numbered."""
    summed = by_part(money, [by])
    ranked = summed[summed["gap"] > 0].sort_values(["gap", by], ascending=[False, True]).reset_index(drop=True)
    if by == "line":
        known = money.lines.set_index("line")
        ranked["key"] = ranked["line"]
        names = pd.Series([f"{known['name'][line]} · {known['organisation'][line]}" for line in ranked["line"]])
        again = names.groupby(names).cumcount()
        ranked["line"] = names.where(again == 0, names + " (" + (again + 1).astype("str") + ")")
    return ranked


def dependence(money: Portfolio) -> Table:
    """Organisations with more than half of their signed money from one funder."""
    leaning = money.leaning
    dependent = leaning[leaning["is_dependent"].fillna(False).astype(bool)]
    return Table(
        "dependence",
        ngettext("{n} organisation leans on one funder", "{n} organisations lean on one funder", len(dependent)).format(
            n=words.number(len(dependent))
        ),
        dependent[["organisation", "total", "funders", "largest_funder", "low", "high"]],
        _(
            "More than half of all money others signed with it, on record, comes from one funder; its own money carried over aside."
        ),
    )


@shown_once
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
        filter_bar.choose_row("newcomers"),
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


def grants_to_fix(money: Portfolio) -> pd.DataFrame:
    """Signed grants of the chosen organisations that a figure left out or could not place, once per reason."""
    rows = read(queries.funding.grants_to_fix(money.currency, money.viewer))
    rows = rows[rows["recipient_id"].isin(money.recipients["organisation_id"])]
    return rows.sort_values("reason", key=lambda reasons: reasons.map(funding.REASONS.index), kind="stable")


def to_fix(money: Portfolio) -> Table:
    """Every signed grant a figure left out or could not place, with the reason; over-committed lines beside it."""
    rows = grants_to_fix(money)
    rows = rows.assign(organisation=rows["recipient"], original=rows["amount_minor"] / 100)
    columns = [
        "reference",
        "reason",
        "organisation",
        "funder",
        "original",
        "currency",
        "committed_on",
        "starts_on",
        "ends_on",
    ]
    note = _(
        "Left out of the figures, or in no country, until somebody mends them. {n} budget lines are over-committed."
    )
    return Table("to_fix", _("Grants to fix"), rows[columns], note.format(n=words.number(money.over_committed)))


@shown_once
def shape(money: Portfolio) -> list[Figure]:
    """Concentration, sizes, restriction and the wait for payment, as a second row of figures."""
    received, grants, signed = _ends_with(money), money.grants, money.signed
    top, equal = funding.top_share(received, TOP), funding.concentration(received)["effective_number"]
    sizes = funding.grant_sizes(signed["minor"])
    everybody = grants[grants["standing"].isin((*RECEIVED, *NOT_CONVERTED))]
    total, free, tied = (int(money.recipients[name].sum()) for name in ("total", "unrestricted", "restricted"))
    core = funding.restricted_share(free, tied, total - free - tied)
    bounds = core["bounds"]
    curve = survival.outcome_curve(funding.payment_durations(everybody, money.as_of))
    half = survival.days_until(curve, 0.5)
    paid = funding.is_paid(everybody)
    undated = int((paid & everybody["first_paid_on"].isna()).sum())
    small = sizes["small"]
    return [
        Figure(
            "top_share",
            top,
            words.percent(top),
            _("as concentrated as {n} equal recipients would be").format(n=words.decimal(equal))
            if len(received) > 1
            else "",
            ngettext(
                "{n} organisation, re-grants where they end up",
                "{n} organisations, re-grants where they end up",
                len(received),
            ).format(n=words.number(len(received))),
        ),
        Figure(
            "grant_size",
            None if sizes["median"] is None else sizes["median"] / 100,
            words.money(sizes["median"], money.currency),
            ngettext("{k} of {n} grant below 10,000", "{k} of {n} grants below 10,000", small.total).format(
                k=words.number(small.known), n=words.number(small.total)
            ),
            _("{share} of the money").format(share=words.percent(sizes["small_amount_share"])),
        ),
        Figure(
            "unrestricted",
            core["of_labelled"],
            words.percent(core["of_labelled"]),
            _("of all money between {low} and {high}").format(
                low=words.percent(bounds[0]), high=words.percent(bounds[1])
            )
            if bounds
            else "",
            _("{share} of money is labelled").format(share=words.percent(core["labelled"])),
        ),
        Figure(
            "payment_wait",
            half,
            words.days(half),
            _("unpaid grants included")
            if half is not None
            else _("fewer than half are paid yet")
            if len(curve)
            else _("no grant has the days to say"),
            _("{k} of {n} have no payment on record").format(
                k=words.number(int((~paid).sum())), n=words.number(len(everybody))
            )
            + (
                " · "
                + ngettext("{n} paid on a day not recorded", "{n} paid on days not recorded", undated).format(
                    n=words.number(undated)
                )
                if undated
                else ""
            ),
        ),
    ]


def _ends_with(money: Portfolio) -> pd.Series:
    """Signed money per organisation, where it ends up, of those with any that could be converted."""
    holders = money.recipients[money.recipients["total"] + money.recipients["own"] > 0]
    return funding.ends_with(holders).astype(float)


@shown_once
def spread_of_money(money: Portfolio) -> Chart:
    """The Lorenz curve of recipients, with the Gini beside the top share, never alone."""
    received = _ends_with(money)
    points, index = funding.lorenz(received), funding.gini(received)["gini_corrected"]
    half = funding.top_share(received, max(1, len(received) // 2))
    title = (
        _("The larger half of recipients holds {share} of signed money").format(share=words.percent(half))
        if len(received) > 1 and half is not None
        else _("How signed money is spread over recipients")
    )
    return Chart(
        "lorenz",
        title,
        points,
        _(
            "Recipients from the smallest up and the money that ends with them. Gini {gini} over {n} organisations."
        ).format(gini=words.decimal(index, 2), n=words.number(len(received))),
        charts.lorenz(points),
        charts.alternative(title, [_("half of recipients")], [words.percent(1 - half if half is not None else None)]),
    )


@shown_once
def leaning_strip(money: Portfolio) -> Chart:
    """Share of the largest funder per organisation, single-funder organisations marked."""
    rows = money.leaning[money.leaning["low"].notna()]
    rows = rows.assign(is_single=(rows["funders"] == 1) & (rows["unnamed"] == 0))
    single = int(rows["is_single"].sum())
    title = ngettext(
        "{n} organisation has a single named funder", "{n} organisations have a single named funder", single
    ).format(n=words.number(single))
    return Chart(
        "leaning",
        title,
        rows[["organisation", "total", "funders", "largest_funder", "low", "high"]],
        _("Share of an organisation's signed money that comes from its largest funder; one mark per organisation."),
        charts.strip(rows, "low", "organisation", "is_single", (_("single funder"), _("several funders"))),
        charts.alternative(title, list(rows["organisation"]), [words.percent(v) for v in rows["low"]]),
    )


COVERAGE_SIGNALS = ("none_recorded", "need_unknown", "covered", "partly_covered", "under_funded")


@shown_once
def coverage_grid(money: Portfolio) -> Chart | None:
    """Host country x activity: gap in the cell, colour by coverage, words where there is no number."""
    cells = by_part(money, ["host_country", "activity"], with_unknown=True)
    if cells.empty:
        return None
    cells["signal"] = [_signal(need, coverage) for need, coverage in zip(cells["need"], cells["coverage"], strict=True)]
    title = _("Coverage of stated need by host country and activity")
    grid = _complete(cells, money.currency)
    return Chart(
        "coverage",
        title,
        cells[["host_country", "activity", "need", "funded", "gap", "surplus", "coverage", "signal"]],
        _("In each cell the gap of {year} in {currency}; the largest countries and activities by need. {need}").format(
            year=money.year, currency=money.currency, need=tier_words(money)
        ),
        charts.grid(grid, "work", "country", "text", "signal", levels(COVERAGE_SIGNALS), opens="cell"),
        charts.alternative(title, list(grid["country"] + " · " + grid["work"]), list(grid["text"])),
        on_select=filter_bar.choose_row("coverage"),
    )


def _signal(need: Any, coverage: Any) -> str:
    if pd.isna(need):
        return "need_unknown"
    if pd.isna(coverage) or coverage >= COVERED_FROM:
        return "covered"
    return "under_funded" if coverage < UNDER_FUNDED_BELOW else "partly_covered"


def _complete(cells: pd.DataFrame, currency: str) -> pd.DataFrame:
    """The ten largest countries and activities by need as a complete grid with words in every cell."""
    grid = laid_out(cells, "need", GRID)
    grid["signal"] = grid["signal"].astype(object).fillna("none_recorded")
    plain = {"none_recorded": "–", "need_unknown": "?"}
    grid["text"] = [plain.get(s) or words.money(g, currency) for s, g in zip(grid["signal"], grid["gap"], strict=True)]
    return grid


FLOW_STEPS = {
    "new_money": "absolute", "carried_over": "relative", "unsourced": "relative", "not_on_record": "relative",
    "outgoing": "relative", "in_network": "total", "regranted": "relative", "kept": "total",
}  # fmt: skip
TAKEN = ("outgoing", "regranted")
ONLY_IF_ANY = ("carried_over", "unsourced", "not_on_record")


@shown_once
def flow(money: Portfolio) -> Chart:
    """How money entered the network, what left it, and how much of it was passed on to others inside."""
    received = read(queries.money.recipients(money.currency, money.viewer))
    found = funding.flow(received[received["is_member"].astype(bool)])
    steps = {
        step: -found[step] if step in TAKEN else found[step]
        for step in FLOW_STEPS
        if found[step] or step not in ONLY_IF_ANY
    }
    names = [labels.word(step) for step in steps]
    amounts = [words.money(abs(value), money.currency) for value in steps.values()]
    title = (
        _("{share} of the money in the network was passed on to others inside it").format(
            share=words.percent(found["regranted"] / found["in_network"])
        )
        if found["in_network"] and found["regranted"]
        else _("No money on record was passed on inside the network")
    )
    return Chart(
        "flow",
        title,
        pd.DataFrame({"step": list(steps), "total": pd.array(list(steps.values()), "Int64")}),
        " ".join(
            part
            for part in (
                _(
                    "All signed grants on record, whole network: a grant adds once, where its payer is outside; filters do not "
                    "cut it."
                ),
                _range_of_new_money(money, found),
            )
            if part
        ),
        charts.waterfall(names, [v / 100 for v in steps.values()], [FLOW_STEPS[s] for s in steps], amounts),
        charts.alternative(title, names, amounts),
    )


NAMED_AT_MOST = 5


def _range_of_new_money(money: Portfolio, found: dict[str, int]) -> str:
    """Why new money is a range: re-grants of which nobody says who paid, by reference."""
    if not found["unsourced"]:
        return ""
    rows = _signed_between(money, "unsourced")
    named = [str(reference) for reference in rows["reference"].dropna()][:NAMED_AT_MOST]
    return ngettext(
        "New money is between {low} and {high}: {n} re-grant names no payer and may have been counted before ({names}).",
        "New money is between {low} and {high}: {n} re-grants name no payer and may have been counted before ({names}).",
        len(rows),
    ).format(
        low=words.exact_money(found["new_money"], money.currency),
        high=words.exact_money(found["new_money"] + found["unsourced"], money.currency),
        n=words.number(len(rows)),
        names=words.listing(named) or _("references withheld"),
    )


@shown_once
def per_thousand(money: Portfolio, visit: Visit) -> Chart | None:
    """Signed money of the year per 1,000 recent emigrants, as ranges sorted by name."""
    placed = money.cells[money.cells["parts"].gt(0) & money.cells["host_country"].str.len().eq(2)]
    totals = placed.groupby("host_country")["signed"].sum().rename("funded").reset_index()
    rates = funding.per_thousand(totals, read(queries.initiatives.populations(visit.viewer)))
    known = rates[rates["low"].notna()]
    if known.empty:
        return None
    known = known.assign(low=known["low"].astype(float) / 100, high=known["high"].astype(float) / 100)
    names = {code: words.country(code) for code in known["host_country"]}
    known = known.sort_values("host_country", key=lambda codes: codes.map(names)).reset_index(drop=True)
    missing = rates.loc[rates["low"].isna(), "funded"].sum() / rates["funded"].sum()
    title = _("Signed money per 1,000 recent emigrants, as ranges")
    spans = [f"{words.number(r.low)}–{words.number(r.high)}" for r in known.itertuples()]
    return Chart(
        "money_per_thousand",
        title,
        pd.DataFrame(
            {
                "host_country": known["host_country"],
                "funded": known["funded"],
                "low_money": known["low"],
                "high_money": known["high"],
            }
        ),
        _("{year}, in {currency}; low to high population estimate. {share} of the money cannot be compared.").format(
            year=money.year, currency=money.currency, share=words.percent(missing)
        ),
        charts.ranges(known, "host_country", "low", "high", names),
        charts.alternative(title, list(names.values()), spans),
    )


def _stated_income(money: Portfolio, visit: Visit) -> pd.DataFrame:
    """Income beyond grants with `minor` in the reporting currency, at the rate of the year's end."""
    rows = read(queries.funding.other_income(visit.filters, visit.viewer))
    dated = rows.assign(received_on=pd.to_datetime(rows["year"].astype("str") + "-12-31"))
    return funding.convert(dated, read(queries.funding.rates(visit.viewer)), money.currency, on="received_on")


@shown_once
def other_income(money: Portfolio, visit: Visit) -> Chart | None:
    """Crowdfunding, diaspora giving and earned income by year, beside grants."""
    rows = _stated_income(money, visit)
    if rows["minor"].dropna().empty:
        return None
    wide = rows.pivot_table(index="year", columns="kind", values="minor", aggfunc="sum", fill_value=0)
    kinds = [kind for kind in ("crowdfunding", "diaspora", "earned") if kind in wide]
    shown = wide[kinds].astype("int64").reset_index().assign(year=lambda frame: frame["year"].astype("str"))
    drawn = shown.assign(**{kind: shown[kind] / 100 for kind in kinds})
    title = _("Income beyond grants by year")
    newest = shown.iloc[-1]
    return Chart(
        "other_income",
        title,
        shown,
        _("As stated by initiatives, in {currency}; most state none, which is not zero.").format(
            currency=money.currency
        ),
        charts.columns_over_time(drawn, "year", [(kind, labels.word(kind)) for kind in kinds]),
        charts.alternative(
            title, [labels.word(k) for k in kinds], [words.money(newest[k], money.currency) for k in kinds]
        ),
    )


def gap_rows(gaps: Chart, by: str) -> dict[str, str]:
    """The bars whose rows can be opened."""
    return {value: value if by == "line" else labels.code(by, value) for value in gaps.rows[by]}


@shown_once
def notes(money: Portfolio) -> list[str]:
    """How money is counted, and what is left out."""
    carried, whole = money.recipients[["carried_over", "own"]].sum().sum(), funding.ends_with(money.recipients).sum()
    return [
        _("Pledges are not counted. Cancelled grants are out. Re-granted money is counted once, where it ends up."),
        _(
            "{carried} of {total} signed is carried over from earlier or own money; {unknown} has no recorded status and is left out."
        ).format(
            carried=words.money(int(carried), money.currency),
            total=words.money(int(whole), money.currency),
            unknown=words.money(int(money.recipients["unknown_status"].sum()), money.currency),
        ),
        *left_aside(money),
        _(
            "Needs are as stated by organisations on the dates recorded; stating large needs is rewarded by this measure."
        ),
        money.coverage_words,
        money.rate_words,
        _("Money for several countries or activities without declared shares is split equally."),
    ]


def left_aside(money: Portfolio) -> list[str]:
    """Named remainders of the money: not converted, without a day, outside the network."""
    unconverted, undated = (int(money.recipients[name].sum()) for name in ("unconverted", "undated"))
    beyond = int(money.outside["outside"].sum())
    found = []
    if unconverted:
        found.append(
            ngettext(
                "{n} signed grant has no amount in {currency}: its organisation counts as a grantee, its money is in no sum.",
                "{n} signed grants have no amount in {currency}: their organisations count as grantees, their money is in no "
                "sum.",
                unconverted,
            ).format(n=words.number(unconverted), currency=money.currency)
        )
    if undated:
        found.append(
            ngettext(
                "{n} signed grant has no signing date and is in no year of grantees.",
                "{n} signed grants have no signing date and are in no year of grantees.",
                undated,
            ).format(n=words.number(undated))
        )
    if beyond:
        found.append(
            _("{amount} went to recipients outside the network and are in none of its figures.").format(
                amount=words.money(beyond, money.currency)
            )
        )
    return found


def row_names(money: Portfolio) -> dict[str, str]:
    """What rows can be opened: the months of the cliff."""
    return {f"{month:%Y-%m}": words.month(month) for month in money.monthly["month"]}


def rows_of_month(money: Portfolio, month: str) -> Table:
    """The grants and needs behind one month of the cliff; signed rows add to the month to the cent."""
    when = pd.Timestamp(month)
    whole = Cut(money.filters, money.currency)
    return _rows(money, whole, when, when, _("Behind {month}").format(month=words.month(when)), "month_rows")


def rows_of_gap(money: Portfolio, by: str, value: str) -> Table:
    """The grants and needs behind one bar of the gaps, over the year."""
    if by == "line":
        ranked = ranked_gaps(money, by)
        cut = Cut(money.filters, money.currency, int(ranked.loc[ranked["line"] == value, "key"].iloc[0]))
        name = value
    else:
        cut = Cut(_narrowed(money.filters, by, value), money.currency)
        name = labels.code(by, value)
    return _rows_of_year(money, cut, name, "gap_rows")


def _narrowed(filters: Filters, by: str, value: str) -> Filters:
    """The choice, kept to one host country or activity."""
    if by == "host_country":
        return replace(filters, host_countries=(value,))
    return replace(filters, activities=(value,))


def _rows_of_year(money: Portfolio, cut: Cut, name: str, key: str) -> Table:
    first, last = pd.Timestamp(f"{money.year}-01-01"), pd.Timestamp(f"{money.year}-12-01")
    return _rows(money, cut, first, last, _("Behind {name} in {year}").format(name=name, year=money.year), key)


def _rows(money: Portfolio, cut: Cut, first: pd.Timestamp, last: pd.Timestamp, title: str, key: str) -> Table:
    rows = rows_behind(money, cut, first, last)
    signed = rows.loc[rows["entry"] != "need", "part"].sum()
    needed = rows.loc[rows["entry"] == "need", "part"].sum()
    with_need = set(rows.loc[rows["entry"] == "need", "line"])
    counted = rows.loc[(rows["entry"] != "need") & rows["line"].isin(with_need), "part"].sum()
    note = _(
        "Signed rows add to {signed}, needs to {needed}. Of the signed money {counted} is on lines that state a need; only "
        "that covers need, line by line. Money passed on is taken from its intermediary."
    ).format(
        signed=words.exact_money(signed, money.currency),
        needed=words.exact_money(needed, money.currency),
        counted=words.exact_money(counted, money.currency),
    )
    columns = [
        "entry",
        "reference",
        "funder",
        "organisation",
        "line",
        "host_country",
        "activity",
        "part",
        "original",
        "currency",
    ]
    return Table(key, title, rows.assign(line=rows["name"])[columns], note)


def ending(money: Portfolio) -> Table:
    """Whose last signed money ends within 180 days of the cut-off, soonest first, with size and largest funder."""
    leaning = money.leaning
    soon = leaning["last_day"].between(money.as_of, money.as_of + pd.Timedelta(days=ENDING_DAYS))
    rows = leaning[soon]
    rows = rows.assign(days_left=(rows["last_day"] - money.as_of).dt.days.astype("Int64"))
    places = money.reach[money.reach["host_country"].str.len() == 2]
    for column, shown, names in (("host_country", "works_in", words.country), ("activity", "does", _activity)):
        known = places[["organisation_id", column]].drop_duplicates()
        named = known.assign(name=known[column].map(names)).sort_values("name")
        rows[shown] = rows["organisation_id"].map(named.groupby("organisation_id")["name"].agg(", ".join))
    rows = rows.sort_values(["days_left", "organisation"]).reset_index(drop=True)
    columns = ["organisation", "last_day", "days_left", "total", "funders", "largest_funder", "works_in", "does"]
    return Table(
        "ending",
        ngettext(
            "{n} organisation loses its last signed money within {days} days",
            "{n} organisations lose their last signed money within {days} days",
            len(rows),
        ).format(n=words.number(len(rows)), days=ENDING_DAYS),
        rows[columns].astype({"works_in": "str", "does": "str"}),
        _("Last day of any signed grant on record. Pledges are not counted."),
    )


def _activity(code: str) -> str:
    return labels.code("activity", code)


def who_funds(money: Portfolio) -> Table:
    """The funders behind the signed money of this choice, largest first; unnamed sources are one row."""
    found = read(queries.money.sources(Cut(money.filters, money.currency), money.viewer))
    named = found["funder"].fillna(_("not named")).where(~found["is_own"].astype(bool), _("own money"))
    table = found.assign(funder=named, total_here=found["received"])
    table = table.sort_values(["total_here", "funder"], ascending=[False, True]).reset_index(drop=True)
    return Table(
        "who_funds",
        _("Who funds this choice"),
        table[["funder", "organisations", "total_here"]],
        _("Signed money on record placed in the chosen countries and activities, re-grants under their intermediary."),
    )


def grid_names(grid: Chart) -> dict[str, str]:
    """The cells of the coverage grid whose rows can be opened."""
    return cell_names(grid.rows.sort_values("gap", ascending=False, na_position="last"))


def rows_of_cell(money: Portfolio, cell: str) -> Table:
    """The grants and needs behind one cell of the coverage grid, over the year."""
    country, _dot, activity = cell.partition(".")
    filters = _narrowed(_narrowed(money.filters, "host_country", country), "activity", activity)
    return _rows_of_year(money, Cut(filters, money.currency), cell_name(country, activity), "cell_rows")


def year_names(money: Portfolio) -> dict[str, str]:
    """The years whose grantees can be opened."""
    return {str(year): str(year) for year in money.newcomers["year"]}


def rows_of_year(money: Portfolio, year: str) -> Table:
    """Who signed a grant in a year, first-time grantees first; in the first recorded year this cannot be judged."""
    years = money.grantees
    first = years.groupby("organisation_id")["year"].min()
    rows = years[years["year"] == int(year)].merge(money.recipients[["organisation_id", "organisation"]])
    began = first.reindex(rows["organisation_id"]).to_numpy()
    judged = int(year) > first.min()
    rows["grantee"] = [
        "first_time" if judged and b == int(year) else "returning" if judged else "unjudged" for b in began
    ]
    rows = rows.sort_values(["grantee", "organisation"], kind="stable")
    title = _("Grantees of {year}").format(year=year)
    return Table("year_rows", title, rows[["organisation", "grantee", "grants", "total"]].reset_index(drop=True))


STEPS = {
    "new_money": (False, True, (ENTERED,)),
    "carried_over": (None, True, (CARRIED_OVER, OWN)),
    "unsourced": (False, True, (UNSOURCED,)),
    "regranted": (True, True, (PASSED_ON,)),
    "outgoing": (True, False, (LEFT,)),
}


def step_names(shown: Chart) -> dict[str, str]:
    """The steps of the flow whose grants can be opened."""
    return {step: labels.word(step) for step in shown.rows["step"] if step in STEPS}


def _signed_between(money: Portfolio, step: str) -> pd.DataFrame:
    inside, into, what = STEPS[step]
    found = read(queries.funding.grants_between(money.viewer, from_member=inside, to_member=into))
    rows = converted(found, money.viewer, money.currency)
    return rows[rows["standing"].isin(what)]


def rows_of_step(money: Portfolio, step: str) -> Table:
    """The grants behind one step of the flow; they add to it to the cent, but for what was passed on more than once."""
    rows = _signed_between(money, step)
    note = ""
    if step == "regranted":
        note = _("They add to {total}; what was passed on again stands in each of its grants.").format(
            total=words.exact_money(int(rows["minor"].sum()), money.currency)
        )
    return Table("step_rows", _("Behind “{step}”").format(step=labels.word(step)), grant_rows(rows), note)


def outside(money: Portfolio) -> Table | None:
    """Signed grants of which neither side is in the network, or that left it: in no figure of what its members received;
    None when there are none."""
    viewer = money.viewer
    found = [
        read(queries.funding.grants_between(viewer, from_member=inside, to_member=False)) for inside in (False, True)
    ]
    rows = converted(pd.concat(found, ignore_index=True), viewer, money.currency)
    if rows.empty:
        return None
    shown = grant_rows(rows).assign(standing=rows["standing"].to_numpy())
    note = _("They add to {total}. Whoever receives them is no initiative of the network.").format(
        total=words.exact_money(int(rows["minor"].sum()), money.currency)
    )
    title = ngettext("{n} signed grant outside the network", "{n} signed grants outside the network", len(rows)).format(
        n=words.number(len(rows))
    )
    return Table("outside_network", title, shown, note)


def signed_grants(money: Portfolio) -> Table:
    """Every signed grant behind sizes, restriction, concentration and the wait for payment."""
    signed = money.signed
    twice = int(signed.loc[signed["standing"] == PASSED_ON, "minor"].sum())
    note = _(
        "They add to {total}, re-grants inside the network included: of these, {twice} stand in the grant they were paid from "
        "as well."
    ).format(
        total=words.exact_money(int(signed["minor"].sum()), money.currency),
        twice=words.exact_money(twice, money.currency),
    )
    return Table("signed_grants", _("All signed grants of this choice"), grant_rows(signed), note)


def grant_rows(grants: pd.DataFrame) -> pd.DataFrame:
    """Converted grants as a table lists them."""
    rows = grants.assign(organisation=grants["recipient"], total=grants["minor"], original=grants["amount_minor"] / 100)
    columns = ["reference", "funder", "organisation", "project", "total", "original", "currency", "restriction"]
    return rows[[*columns, "committed_on", "first_paid_on"]].reset_index(drop=True)


def income_names(income: Chart) -> dict[str, str]:
    """The years of income beyond grants whose rows can be opened."""
    return {year: year for year in income.rows["year"]}


def rows_of_income(money: Portfolio, visit: Visit, year: str) -> Table:
    """Who stated which income beyond grants in a year."""
    rows = _stated_income(money, visit)
    own = rows[(rows["year"] == int(year)) & rows["minor"].notna()]
    shown = own.assign(total=own["minor"], original=own["amount_minor"] / 100)
    columns = ["organisation", "kind", "total", "original", "currency"]
    return Table("income_rows", _("Income beyond grants stated for {year}").format(year=year), shown[columns])
