"""Where money is missing: the cliff, the largest gaps, dependence, newcomers, and grants to fix."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pandas as pd

from dashboard import charts, filter_bar, labels, words
from dashboard.data import read, shown_once
from dashboard.i18n import _, ngettext
from dashboard.metrics import funding, survival
from dashboard.metrics.statistics import Coverage
from dashboard.report import Chart, Figure, Summary, Table
from dashboard.topics.crossing import UNDER_FUNDED_BELOW, cell_name, cell_names, laid_out, levels
from dashboard.topics.portfolio import Portfolio, by_part, converted, rows_behind
from dashboard.visit import Visit
from data_access import queries
from data_access.filters import Filters
from data_access.queries.money import Cut

GAPS_SHOWN = 15
DEPENDENT_SHOWN = 20
TOP = 5
ENDING_DAYS = 180
GRID = 10
COVERED_FROM = 0.995


@shown_once
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
        _("Need stated for {year} and what signed money meets of it, in {currency}; up to {n} shown.").format(
            year=money.year, currency=money.currency, n=GAPS_SHOWN
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
        dependent.head(DEPENDENT_SHOWN)[["organisation", "total", "funders", "largest_funder", "low", "high"]],
        _("More than half of all signed money on record from one funder; up to {n} shown.").format(n=DEPENDENT_SHOWN),
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
    received, grants, signed = _received(money), money.grants, money.signed
    top, equal = funding.top_share(received, TOP), funding.concentration(received)["effective_number"]
    sizes = funding.grant_sizes(signed["minor"])
    total, free, tied = (int(money.recipients[name].sum()) for name in ("total", "unrestricted", "restricted"))
    core = funding.restricted_share(free, tied, total - free - tied)
    bounds = core["bounds"]
    curve = survival.outcome_curve(funding.payment_durations(grants, money.as_of))
    half = survival.days_until(curve, 0.5)
    unpaid = signed["first_paid_on"].isna()
    small = sizes["small"]
    return [
        Figure(
            "top_share",
            top,
            words.percent(top),
            _("as if {n} equal recipients").format(n=words.decimal(equal)),
            _("{n} organisations").format(n=words.number(len(received))),
        ),
        Figure(
            "grant_size",
            None if sizes["median"] is None else sizes["median"] / 100,
            words.money(sizes["median"], money.currency),
            _("{k} of {n} grants below 10,000").format(k=words.number(small.known), n=words.number(small.total)),
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
            _("unpaid grants included") if half is not None else _("fewer than half are paid yet"),
            _("{k} of {n} have no payment yet").format(k=words.number(unpaid.sum()), n=words.number(len(signed))),
        ),
    ]


def _received(money: Portfolio) -> pd.Series:
    """Signed money per organisation that has a signed grant."""
    return money.recipients.loc[money.recipients["grants"] > 0, "total"].astype(float)


@shown_once
def spread_of_money(money: Portfolio) -> Chart:
    """The Lorenz curve of recipients, with the Gini beside the top share, never alone."""
    received = _received(money)
    points, index = funding.lorenz(received), funding.gini(received)["gini_corrected"]
    half = funding.top_share(received, max(1, len(received) // 2))
    title = _("The larger half of recipients holds {share} of signed money").format(share=words.percent(half))
    return Chart(
        "lorenz",
        title,
        points,
        _(
            "Recipients from the smallest up and the money they hold together. Gini {gini} over {n} organisations."
        ).format(gini=words.decimal(index, 2), n=words.number(len(received))),
        charts.lorenz(points),
        charts.alternative(title, [_("half of recipients")], [words.percent(1 - half if half is not None else None)]),
    )


@shown_once
def leaning_strip(money: Portfolio) -> Chart:
    """Share of the largest funder per organisation, single-funder organisations marked."""
    rows = money.leaning.assign(is_single=money.leaning["funders"] <= 1)
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
    cells = cells[cells["host_country"].str.len() == 2]
    cells = cells[cells["activity"] != funding.NOT_STATED]
    if cells.empty:
        return None
    cells["signal"] = [_signal(need, coverage) for need, coverage in zip(cells["need"], cells["coverage"], strict=True)]
    title = _("Coverage of stated need by host country and activity")
    grid = _complete(cells, money.currency)
    return Chart(
        "coverage",
        title,
        cells[["host_country", "activity", "need", "funded", "gap", "surplus", "coverage", "signal"]],
        _("In each cell the gap of {year} in {currency}; the largest countries and activities by need.").format(
            year=money.year, currency=money.currency
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


@shown_once
def flow(money: Portfolio) -> Chart:
    """How much enters the network, how much of it intermediaries pass on, and what leaves."""
    passed = funding.pass_through(_flows(read(queries.money.recipients(money.currency, money.viewer))))
    kept = passed["new_money"] - passed["internal"] - passed["outgoing"]
    steps = [
        ("new_money", "absolute", passed["new_money"]),
        ("regranted", "relative", -passed["internal"]),
        ("outgoing", "relative", -passed["outgoing"]),
        ("kept", "total", kept),
    ]
    names = [labels.word(step) for step, _measure, _value in steps]
    amounts = [words.money(abs(value), money.currency) for _step, _measure, value in steps]
    title = _("{share} of new money is passed on inside the network").format(
        share=words.percent(passed["internal"] / passed["new_money"] if passed["new_money"] else None)
    )
    return Chart(
        "flow",
        title,
        pd.DataFrame({"step": [s for s, _m, _v in steps], "total": pd.array([v for _s, _m, v in steps], "Int64")}),
        _(
            "All signed grants on record, whole network: a grant adds once, where its payer is outside; filters do not cut it."
        ),
        charts.waterfall(names, [v / 100 for _s, _m, v in steps], [m for _s, m, _v in steps], amounts),
        charts.alternative(title, names, amounts),
    )


def _flows(received: pd.DataFrame) -> pd.DataFrame:
    """What organisations received from outside and from inside the network, as `funding.pass_through` counts it."""
    inside = received["from_members"]
    sides = [(received["total"] - inside, False), (inside, True)]
    flows = [received.assign(minor=minor, funder_is_member=member) for minor, member in sides]
    return pd.concat(flows).assign(status="commitment", recipient_is_member=lambda rows: rows["is_member"])


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
    status = funding.money_status(_by_status(money.recipients))
    return [
        _("Pledges are not counted. Cancelled grants are out. Re-granted money is counted once, where it ends up."),
        _(
            "{carried} of {total} signed is carried over from earlier; {unknown} has no recorded status and is left out."
        ).format(
            carried=words.money(status["of_which_carry_over"], money.currency),
            total=words.money(status["funding_total"], money.currency),
            unknown=words.money(status["unknown_status"], money.currency),
        ),
        _(
            "Needs are as stated by organisations on the dates recorded; stating large needs is rewarded by this measure."
        ),
        money.coverage_words,
        money.rate_words,
        _("Money for several countries or activities without declared shares is split equally."),
    ]


def _by_status(received: pd.DataFrame) -> pd.DataFrame:
    """What organisations received, as `funding.money_status` counts it."""
    total, carried, unknown = (received[name].sum() for name in ("total", "carried_over", "unknown_status"))
    rows = [("commitment", "new", total - carried), ("commitment", "carry_over", carried), ("unknown", "new", unknown)]
    return pd.DataFrame(rows, columns=["status", "kind", "minor"]).assign(paid_minor=pd.NA)


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
    rows = leaning[soon].assign(days_left=(leaning["last_day"] - money.as_of).dt.days.astype("Int64"))
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
    table = found.assign(funder=found["funder"].fillna(_("not named")), total_here=found["received"])
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


STEPS = {"new_money": (False, True), "regranted": (True, True), "outgoing": (True, False)}


def step_names() -> dict[str, str]:
    """The steps of the flow whose grants can be opened."""
    return {step: labels.word(step) for step in STEPS}


def rows_of_step(money: Portfolio, step: str) -> Table:
    """The grants behind one step of the flow: from outside in, inside, or out; they add to it to the cent."""
    inside, into = STEPS[step]
    found = read(queries.funding.grants_between(money.viewer, from_member=inside, to_member=into))
    rows = converted(found, money.viewer, money.currency)
    rows = _grant_rows(rows[rows["minor"].notna()])
    return Table("step_rows", _("Behind “{step}”").format(step=labels.word(step)), rows)


def signed_grants(money: Portfolio) -> Table:
    """Every signed grant behind sizes, restriction, concentration and the wait for payment."""
    signed = money.signed
    note = _("They add to {total}.").format(total=words.exact_money(signed["minor"].sum(), money.currency))
    return Table("signed_grants", _("All signed grants of this choice"), _grant_rows(signed), note)


def _grant_rows(grants: pd.DataFrame) -> pd.DataFrame:
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
