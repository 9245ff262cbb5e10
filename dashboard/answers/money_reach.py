"""Whom money reaches: shape, newcomers, flow, other income, and the grants behind each."""

from __future__ import annotations

import numpy as np
import pandas as pd

from dashboard.answers import events
from dashboard.answers.money_rows import grant_rows
from dashboard.answers.portfolio import Portfolio, converted
from dashboard.metrics import funding, receiving, survival
from dashboard.metrics.standing import CARRIED_OVER, ENTERED, LEFT, NOT_CONVERTED, OWN, PASSED_ON, RECEIVED, UNSOURCED
from dashboard.page.blocks import Chart, Figure, Table
from dashboard.page.reading import read, shown_once
from dashboard.page.visit import Visit
from dashboard.pictures import charts
from dashboard.words import codes, written
from data_access import queries
from data_access.i18n import _, ngettext

TOP = 5


@shown_once
def newcomers(money: Portfolio) -> Chart:
    """First-time and returning grantees by year."""
    years = money.newcomers
    years = years.assign(
        returning=years["grantees"] - years["newcomers"],
        is_partial=years["year"] == money.as_of.year,
        year=years["year"].astype("str"),
    )
    title, marks = _("New and returning grantees by year"), events.of_years(money, years["year"])
    columns = [("newcomers", _("first-time")), ("returning", _("returning"))]
    return Chart(
        "newcomers",
        title,
        years[["year", "grantees", "newcomers", "returning"]],
        _(
            "Organisations that signed a grant. The first recorded year cannot be judged and stays empty; the year that is not "
            "over is hatched."
        ),
        charts.columns_over_time(years, "year", columns, partial="is_partial", marks=marks),
        charts.alternative(title, list(years["year"]), [written.number(n) for n in years["newcomers"]]),
        "rows",
        marked=events.named(marks),
    )


@shown_once
def shape(money: Portfolio) -> list[Figure]:
    """Concentration, sizes, restriction and the wait for payment, as a second row of figures."""
    return [
        _top_share(_ends_with(money)),
        _grant_size(money),
        _unrestricted(money),
        _paid(money),
        _payment_wait(money),
        *_lengths(money),
    ]


def _top_share(received: pd.Series) -> Figure:
    top, equal = receiving.top_share(received, TOP), receiving.concentration(received)["effective_number"]
    said = ngettext(
        "{n} organisation, re-grants where they end up", "{n} organisations, re-grants where they end up", len(received)
    )
    alike = _("as concentrated as {n} equal recipients would be").format(n=written.decimal(equal))
    coverage = said.format(n=written.number(len(received)))
    return Figure("top_share", top, written.percent(top), alike if len(received) > 1 else "", coverage)


def _grant_size(money: Portfolio) -> Figure:
    sizes = receiving.grant_sizes(money.signed["minor"])
    small, median = sizes["small"], sizes["median"]
    said = ngettext("{k} of {n} grant below 10,000", "{k} of {n} grants below 10,000", small.total)
    return Figure(
        "grant_size",
        None if median is None else median / 100,
        written.money(median, money.currency),
        said.format(k=written.number(small.known), n=written.number(small.total)) if small.total else "",
        _("{share} of the money").format(share=written.percent(sizes["small_amount_share"])) if small.total else "",
    )


def _unrestricted(money: Portfolio) -> Figure:
    total, free, tied = (int(money.recipients[name].sum()) for name in ("total", "unrestricted", "restricted"))
    core = receiving.restricted_share(free, tied, total - free - tied)
    low, high = core["bounds"] or (None, None)
    said = _("of all money {share}").format(share=written.between(written.percent(low), written.percent(high)))
    return Figure(
        "unrestricted",
        core["of_labelled"],
        written.percent(core["of_labelled"]),
        said if core["bounds"] else "",
        _("{share} of money is labelled").format(share=written.percent(core["labelled"])) if total else "",
    )


def _paid(money: Portfolio) -> Figure:
    """What is recorded as paid of the signed grants, beside what was signed; of others nobody says."""
    signed, paid = money.signed, funding.paid_in(money.signed)
    known, total = paid.notna(), int(paid.sum())
    among = int(signed.loc[known, "minor"].sum())
    said = _("of {amount} signed by grants with payments on record").format(amount=written.money(among, money.currency))
    coverage = _("payments known for {k} of {n} grants").format(
        k=written.number(int(known.sum())), n=written.number(len(signed))
    )
    if not known.any():
        return Figure("paid_total", None, "–", _("no payment is on record"), coverage)
    return Figure("paid_total", total / 100, written.money(total, money.currency), said, coverage)


def _lengths(money: Portfolio) -> list[Figure]:
    """How much of the money is for more than a year, and how long a grant is."""
    found = receiving.lengths(money.signed)
    known, total = written.number(found.dated.known), written.number(found.dated.total)
    dated = _("days known for {k} of {n} grants").format(k=known, n=total)
    months = "–" if found.months is None else _("{n} months").format(n=written.decimal(found.months, 0))
    return [
        Figure("multi_year", found.multi_year, written.percent(found.multi_year), _("of signed money"), dated),
        Figure("grant_months", found.months, months, _("half of the grants are as long or shorter"), dated),
    ]


def _payment_wait(money: Portfolio) -> Figure:
    grants = money.grants[money.grants["standing"].isin((*RECEIVED, *NOT_CONVERTED))]
    curve = survival.outcome_curve(funding.payment_durations(grants, money.as_of))
    half, paid = survival.days_until(curve, 0.5), funding.is_paid(grants)
    undated = int((paid & grants["first_paid_on"].isna()).sum())
    if half is not None:
        said = _("unpaid grants included")
    else:
        said = _("fewer than half are paid yet") if len(curve) else _("no grant has the days to say")
    coverage = _("{k} of {n} have no payment on record").format(
        k=written.number(int((~paid).sum())), n=written.number(len(grants))
    )
    if undated:
        also = ngettext("{n} paid on a day not recorded", "{n} paid on days not recorded", undated)
        coverage += " · " + also.format(n=written.number(undated))
    return Figure("payment_wait", half, written.days(half), said, coverage)


def _ends_with(money: Portfolio) -> pd.Series:
    """Signed money per organisation, where it ends up, of those with any that could be converted."""
    holders = money.recipients[money.recipients["total"] + money.recipients["own"] > 0]
    return funding.ends_with(holders).astype(float)


@shown_once
def spread_of_money(money: Portfolio) -> Chart:
    """The Lorenz curve of recipients, with the Gini beside the top share, never alone."""
    received = _ends_with(money)
    points, index = receiving.lorenz(received), receiving.gini(received)["gini_corrected"]
    half = 1 - float(np.interp(0.5, points["recipients"], points["money"])) if len(points) > 1 else None
    title = (
        _("The larger half of recipients holds {share} of signed money").format(share=written.percent(half))
        if len(received) > 1 and half is not None
        else _("How signed money is spread over recipients")
    )
    return Chart(
        "lorenz",
        title,
        charts.drawable(points),
        _(
            "Recipients from the smallest up and the money that ends with them. Gini {gini} over {n} organisations."
        ).format(gini=written.decimal(index, 2), n=written.number(len(received))),
        charts.lorenz(points),
        charts.alternative(title, [_("half of recipients")], [written.percent(1 - half if half is not None else None)]),
    )


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
    names = [codes.word(step) for step in steps]
    amounts = [written.money(abs(value), money.currency) for value in steps.values()]
    title = (
        _("{share} of the money in the network was passed on to others inside it").format(
            share=written.percent(found["regranted"] / found["in_network"])
        )
        if found["in_network"] and found["regranted"]
        else _("No money on record was passed on inside the network")
    )
    return Chart(
        "flow",
        title,
        charts.drawable(pd.DataFrame({"step": list(steps), "total": pd.array(list(steps.values()), "Int64")})),
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
        low=written.exact_money(found["new_money"], money.currency),
        high=written.exact_money(found["new_money"] + found["unsourced"], money.currency),
        n=written.number(len(rows)),
        names=written.listing(named) or _("references withheld"),
    )


@shown_once
def per_thousand(money: Portfolio, visit: Visit) -> Chart | None:
    """Signed money of the year per 1,000 recent emigrants, as ranges sorted by name."""
    placed = money.cells[money.cells["parts"].gt(0) & money.cells["host_country"].str.len().eq(2)]
    totals = placed.groupby("host_country")["signed"].sum().rename("funded").reset_index()
    rates = funding.per_thousand(totals, read(queries.initiatives.populations(visit.viewer)))
    rates = rates.assign(**{limit: rates[limit].fillna(rates["per_1000"]) for limit in ("low", "high")})
    known = rates[rates["low"].notna()]
    if known.empty:
        return None
    known = known.assign(low=known["low"].astype(float) / 100, high=known["high"].astype(float) / 100)
    names = {code: written.country(code) for code in known["host_country"]}
    known = codes.by_names(known, ["host_country"])
    missing = rates.loc[rates["low"].isna(), "funded"].sum() / rates["funded"].sum()
    title = _("Signed money per 1,000 recent emigrants, as ranges")
    spans = [f"{written.number(r.low)}–{written.number(r.high)}" for r in known.itertuples()]
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
        _(
            "{year}, in {currency}; low to high population estimate, a stroke where one estimate is known; by name, because many ranges "
            "overlap. {share} of the money cannot be compared."
        ).format(year=money.year, currency=money.currency, share=written.percent(missing)),
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
    title, marks = _("Income beyond grants by year"), events.of_years(money, shown["year"])
    newest = shown.iloc[-1]
    return Chart(
        "other_income",
        title,
        shown,
        _("As stated by initiatives, in {currency}; most state none, which is not zero.").format(
            currency=money.currency
        ),
        charts.columns_over_time(drawn, "year", [(kind, codes.word(kind)) for kind in kinds], marks=marks),
        charts.alternative(
            title, [codes.word(k) for k in kinds], [written.money(newest[k], money.currency) for k in kinds]
        ),
        marked=events.named(marks),
    )


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
    rows = rows.sort_values("organisation", key=written.alphabetical).sort_values("grantee", kind="stable")
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
    return {step: codes.word(step) for step in shown.rows["step"] if step in STEPS}


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
            total=written.exact_money(int(rows["minor"].sum()), money.currency)
        )
    return Table("step_rows", _("Behind “{step}”").format(step=codes.word(step)), grant_rows(rows, money), note)


def signed_grants(money: Portfolio) -> Table:
    """Every signed grant behind sizes, restriction, concentration and the wait for payment."""
    signed = money.signed
    twice = int(signed.loc[signed["standing"] == PASSED_ON, "minor"].sum())
    note = _(
        "They add to {total}, re-grants inside the network included: of these, {twice} stand in the grant they were paid from "
        "as well."
    ).format(
        total=written.exact_money(int(signed["minor"].sum()), money.currency),
        twice=written.exact_money(twice, money.currency),
    )
    return Table("signed_grants", _("All signed grants of this choice"), grant_rows(signed, money), note)


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
