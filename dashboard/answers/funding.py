"""Where money is missing: how much by which reading of need, when signed money ends, and what is left aside."""

from __future__ import annotations

import pandas as pd

from dashboard.answers import events, portfolio
from dashboard.answers.portfolio import Portfolio
from dashboard.metrics import funding, need_tiers
from dashboard.metrics.funding import CoverageTotals
from dashboard.metrics.statistics import Coverage
from dashboard.page.blocks import Chart, Figure, Summary, Table
from dashboard.page.reading import shown_once
from dashboard.pictures import charts
from dashboard.words import written
from data_access.i18n import _, ngettext

MONTHS_ON_PAPER = 12


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
                written.money(today, money.currency),
                _("in {month}; {fall}").format(month=written.month(money.as_of), fall=fall_words(money)),
                money.coverage_words,
            ),
            Figure(
                "dependent",
                dependent,
                written.number(dependent),
                ngettext(
                    "of {n} organisation that signed a grant", "of {n} organisations that signed a grant", len(leaning)
                ).format(n=written.number(len(leaning))),
                written.based_on(judged),
            ),
            _newcomers_figure(money),
        ],
    )


def covered(money: Portfolio) -> Figure:
    """The share of stated need that signed money meets; unknown where none of it could be placed."""
    totals, share = money.totals, None if money.is_unplaced else money.totals.coverage_capped
    return Figure(
        "need_covered",
        share,
        written.percent(share),
        _("of {need} stated for {year}").format(need=written.money(totals.need, money.currency), year=money.year)
        if totals.need
        else _("no need is stated for {year}").format(year=money.year),
        money.coverage_words
        if money.is_unplaced
        else _("need known for {k} of {n} lines").format(k=totals.lines.known, n=totals.lines.total),
    )


def gap(money: Portfolio) -> Figure:
    """The sum of line gaps, from the lowest to the highest stated need of each line; unknown when none is stated, or no
    signed money could be placed."""
    if money.is_unplaced:
        return Figure("gap", None, written.money(None, money.currency), coverage=money.coverage_words)
    totals = money.totals
    missing = totals.gap if totals.need else None
    surplus = _("surplus elsewhere {s}").format(s=written.money(totals.surplus, money.currency))
    compared = "" if missing is None else surplus
    least, most = (one.gap for one in _lowest_and_highest(money))
    if missing is not None and least > most:
        compared = _(
            "by each line's lowest stated need {low}, by its highest {high}: some state a minimum above their budget; surplus elsewhere {s}"
        ).format(
            low=written.money(least, money.currency), high=written.money(most, money.currency),
            s=written.money(totals.surplus, money.currency),
        )  # fmt: skip
    elif missing is not None and _is_range(money):
        compared = _("lowest to highest stated need: {low} to {high}; surplus elsewhere {s}").format(
            **_range(money), s=written.money(totals.surplus, money.currency)
        )
    return Figure(
        "gap",
        None if missing is None else missing / 100,
        written.money(missing, money.currency),
        compared,
        written.based_on(totals.lines),
    )


def _lowest_and_highest(money: Portfolio) -> tuple[CoverageTotals, CoverageTotals]:
    """What is missing by each line's lowest and by its highest stated need."""
    return portfolio.under(money, "lowest"), portfolio.under(money, "highest")


def _range(money: Portfolio) -> dict[str, str]:
    """The gap by each line's lowest and highest stated need, the smaller first."""
    least, most = sorted(totals.gap for totals in _lowest_and_highest(money))
    return {"low": written.money(least, money.currency), "high": written.money(most, money.currency)}


def _is_range(money: Portfolio) -> bool:
    """Whether the gap reads differently by the lowest and by the highest stated need."""
    least, most = _range(money).values()
    return least != most


def period_words(money: Portfolio) -> str:
    """Which figures a chosen period does not cut; nothing where it is their year."""
    chosen, year = (money.filters.since, money.filters.until), (f"{money.year}-01", f"{money.year}-12")
    if chosen in ((None, None), year):
        return ""
    return _(
        "Need, gap and coverage are of the whole year {year}; what organisations received is of all years. Only the months follow the "
        "period chosen."
    ).format(year=money.year)


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
    under = {tier: portfolio.under(money, tier) for tier in need_tiers.TIERS}
    rows = [(tier, t.lines.known, t.need, t.funded, t.gap, t.surplus, t.coverage_capped) for tier, t in under.items()]
    columns = ["tier", "lines_stating", "need", "funded", "gap", "surplus", "coverage"]
    whole = dict.fromkeys(("lines_stating", "need", "funded", "gap", "surplus"), "Int64")
    table = pd.DataFrame(rows, columns=columns).astype(whole | {"coverage": "Float64"})
    is_stated = table["lines_stating"] > 0
    amounts = ["need", "funded", "gap", "surplus"]
    table[amounts] = table[amounts].where(is_stated)
    low, _high = _lowest_and_highest(money)
    title = _("Need by tier in {year}").format(year=money.year)
    if low.need and _is_range(money):
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
        ).format(n=written.number(low.lines.total - low.lines.known)),
    )


def tier_words(money: Portfolio) -> str:
    """Which need the figures of this page count."""
    said = {
        "lowest": _("Need: each line's lowest stated."),
        "minimum": _("Need: stated minimums alone."),
        "budget": _("Need: stated budgets alone."),
        "ambition": _("Need: stated ambitions alone."),
    }[money.tier]
    return " ".join((said, _("Statements of low confidence are left out."))) if money.only_sure else said


def answer(money: Portfolio) -> str:
    """How much is missing by the need one counts, then how much is covered."""
    low, _high = _lowest_and_highest(money)
    if not low.need or not _is_range(money) or money.is_unplaced:
        return sentence(money)
    missing = _("Between {low} and {high} are missing in {year}, counting each line's lowest or highest stated need.")
    return f"{missing.format(**_range(money), year=money.year)} {sentence(money)}"


def _why_unknown(money: Portfolio) -> str:
    """Why nothing can be said of how much is covered; nothing where it can."""
    if not money.totals.need:
        return _("No need is stated for {year} under this choice, so a gap cannot be computed.").format(year=money.year)
    if money.is_unplaced:
        return _(
            "{need} are needed in {year}; how much of it is covered is not known: no signed grant could be converted and placed in "
            "time."
        ).format(need=written.money(money.totals.need, money.currency), year=money.year)
    return ""


def sentence(money: Portfolio) -> str:
    """How much of the need is covered, and when signed money falls under it."""
    if unknown := _why_unknown(money):
        return unknown
    below, ahead = money.cliff.below_need, _from_this_month(money)
    if ahead.empty:
        said = _("Signed money covers {share} of the need stated for {year}; the period ends before this month.")
    elif ahead["need"].notna().sum() == 0:
        said = _("Signed money covers {share} of the need stated for {year}; no need is stated from this month on.")
    elif below is None:
        said = _(
            "Signed money covers {share} of the need stated for {year}; it stays at 75 % of need or more as far as need is "
            "stated."
        )
    elif below <= money.as_of:
        said = _(
            "Signed money covers {share} of the need stated for {year}; this month it is already below 75 % of need."
        )
    else:
        said = _("Signed money covers {share} of the need stated for {year}; from {month} it is below 75 % of need.")
    share, month = written.percent(money.totals.coverage_capped), below and written.month(below)
    return said.format(share=share, year=money.year, month=month)


def _from_this_month(money: Portfolio) -> pd.DataFrame:
    return money.monthly[money.monthly["month"] >= money.as_of.to_period("M").start_time]


def fall_words(money: Portfolio) -> str:
    """When signed money falls under three quarters of the need it is compared with."""
    if money.is_unplaced:
        return _("no signed grant could be converted and placed in time")
    below = money.cliff.below_need
    ahead = _from_this_month(money)
    if ahead.empty:
        return _("the period ends before this month")
    if ahead["need"].notna().sum() == 0:
        return _("no need is stated from this month on")
    if below is None:
        return _("it stays at 75 % of need or more as far as need is stated")
    if below <= money.as_of:
        return _("this month it is already below 75 % of need")
    return _("from {month} it is below 75 % of need").format(month=written.month(below))


def _newcomers_figure(money: Portfolio) -> Figure:
    new = money.newcomers
    row = new[new["year"] == money.year]
    if row.empty or pd.isna(row["newcomers"].iloc[0]):
        return Figure("newcomers", None, "–", _("{year} cannot be judged").format(year=money.year))
    first, all_of_them = int(row["newcomers"].iloc[0]), int(row["grantees"].iloc[0])
    comparison = (
        ngettext("of {n} grantee in {year} so far", "of {n} grantees in {year} so far", all_of_them)
        if money.year == money.as_of.year
        else ngettext("of {n} grantee in {year}", "of {n} grantees in {year}", all_of_them)
    ).format(n=written.number(all_of_them), year=money.year)
    unjudged = _("{year} cannot be judged").format(year=new["year"].min())
    return Figure("newcomers", first, written.number(first), comparison, unjudged)


@shown_once
def cliff(money: Portfolio) -> Chart:
    """Signed money per month against stated need, pledges outlined."""
    below = None if money.is_unplaced else money.cliff.below_need
    if below is None or _from_this_month(money).empty:
        title = _("Signed money and stated need by month")
    elif below > money.as_of:
        title = _from_when(money).format(month=written.month(below))
    else:
        title = _("Signed money is below 75 % of need this month already")
    rows = money.monthly
    if money.is_unplaced:
        rows = rows.assign(signed=pd.NA, signed_on_need=pd.NA).astype({"signed": "Int64", "signed_on_need": "Int64"})
    else:
        rows = charts.drawable(rows)
    marks = events.marks(money, rows["month"])
    return Chart(
        "cliff",
        title,
        rows[["month", "signed", "signed_on_need", "pledged", "need"]],
        _(
            "Spread over each grant's days, in {currency}; what is to come begins after {day}. Pledges are outlined and not "
            "counted. 75 % of need is measured on the lines that state one. {need}"
        ).format(currency=money.currency, day=written.day(money.as_of), need=tier_words(money)),
        charts.cliff(rows, money.as_of, money.currency, marks),
        charts.alternative(
            title,
            [written.short_month(month) for month in rows["month"]],
            [written.money(None if pd.isna(v) else v, money.currency) for v in rows["signed"]],
        ),
        "rows",
        marked=events.named(marks),
        on_paper=None if money.is_unplaced else _months_on_paper(money, title),
    )


def _months_on_paper(money: Portfolio, title: str) -> Table | None:
    """What share of its need each month has signed: twelve months from this one, or up to the one that falls short."""
    ahead = _from_this_month(money)
    ahead = ahead[ahead["need"].gt(0).fillna(False)]
    if ahead.empty:
        return None
    below = money.cliff.below_need
    last = ahead["month"].iloc[min(MONTHS_ON_PAPER, len(ahead)) - 1]
    ahead = ahead[ahead["month"] <= max(last, below or last)].tail(MONTHS_ON_PAPER).reset_index(drop=True)
    share = ahead["signed_on_need"].astype("Float64") / ahead["need"].astype("Float64")
    return Table("brief_months", title, ahead[["month"]].assign(coverage=share), tier_words(money))


def _from_when(money: Portfolio) -> str:
    """What is said of the month from which signed money falls short, which it may have done before among the months shown."""
    earlier = money.monthly[money.monthly["month"] < money.cliff.below_need]
    if funding.is_short(earlier).any():
        return _("Signed money is below 75 % of need again from {month}")
    return _("Signed money is below 75 % of need from {month}")


def part_names() -> dict[str, str]:
    """The parts of the funding page."""
    return {
        "gaps": _("Where"),
        "months": _("Month by month"),
        "dependence": _("Who depends on whom"),
        "reach": _("Whom money reaches"),
        "flows": _("How money gets there"),
        "unseen": _("Whom it does not reach"),
        "records": _("Records to fix"),
    }


@shown_once
def notes(money: Portfolio) -> list[str]:
    """How money is counted, and what is left out."""
    carried, whole = money.recipients[["carried_over", "own"]].sum().sum(), funding.ends_with(money.recipients).sum()
    return [
        _("Pledges are not counted. Cancelled grants are out. Re-granted money is counted once, where it ends up."),
        _(
            "{carried} of {total} signed is carried over from earlier or own money; {unknown} has no recorded status and is left out."
        ).format(
            carried=written.money(int(carried), money.currency),
            total=written.money(int(whole), money.currency),
            unknown=written.money(int(money.recipients["unknown_status"].sum()), money.currency),
        ),
        *left_aside(money),
        *_beyond(money),
        _(
            "Needs are as stated by organisations on the dates recorded; stating large needs is rewarded by this measure."
        ),
        money.coverage_words,
        money.rate_words,
        _("Money for several countries or activities without declared shares is split equally."),
    ]


def _beyond(money: Portfolio) -> list[str]:
    if not money.beyond:
        return []
    said = _(
        "In {year} {amount} was passed on beyond what was placed where it came from: no line holds less than nothing."
    )
    return [said.format(year=money.year, amount=written.money(money.beyond, money.currency))]


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
            ).format(n=written.number(unconverted), currency=money.currency)
        )
    if undated:
        found.append(
            ngettext(
                "{n} signed grant has no signing date and is in no year of grantees.",
                "{n} signed grants have no signing date and are in no year of grantees.",
                undated,
            ).format(n=written.number(undated))
        )
    if beyond:
        found.append(
            _("{amount} went to recipients outside the network and are in none of its figures.").format(
                amount=written.money(beyond, money.currency)
            )
        )
    return found
