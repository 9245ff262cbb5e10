"""Whom money does not reach, whether it follows money, how thinly it is spread, and what has to be bridged."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pandas as pd

from dashboard.answers import closing, what_if
from dashboard.answers.initiatives import chosen_places
from dashboard.answers.portfolio import Portfolio, records_in
from dashboard.metrics import bridging, funding, need_tiers, placement, survival, unseen
from dashboard.metrics.distribution import STALE_AFTER_DAYS, one_per_initiative
from dashboard.metrics.statistics import DAYS_PER_MONTH
from dashboard.page.blocks import Figure, Table
from dashboard.page.reading import found_once, read, shown_once
from dashboard.page.visit import Visit
from dashboard.words import codes, written
from data_access import queries
from data_access.filters import Filters
from data_access.i18n import _, ngettext
from data_access.queries.money import Cut

YEARS = 2
BRIDGED_DAYS = 180


@found_once
def _each(visit: Visit) -> pd.DataFrame:
    """The chosen initiatives of the network, one row each, state-linked programmes aside."""
    places = chosen_places(visit)
    return one_per_initiative(places[places["independence"] != "state_linked"])


def _last_signed(visit: Visit) -> pd.DataFrame:
    return read(queries.funding.last_signed(visit.viewer))


@found_once
def not_reached(visit: Visit) -> Table:
    """Open, independent, lately confirmed initiatives without signed money, alphabetical."""
    each = _each(visit).rename(columns={"name": "organisation"})
    found = unseen.not_reached(each, _last_signed(visit), visit.as_of, fresh=STALE_AFTER_DAYS, years=YEARS)
    found = found.sort_values("organisation", key=written.alphabetical, ignore_index=True)
    cells, alone = what_if.cells_of(visit), closing.only_provider_of(visit)
    rows = found.assign(
        host_countries=_listed(found, cells, "host_country", written.country),
        activities=_listed(found, cells, "activity", lambda code: codes.code("activity", code)),
        only_provider_of=alone.reindex(found["organisation_id"]).fillna(0).astype("Int64").to_numpy(),
    )
    never = int(rows["none_since"].isna().sum())
    title = ngettext(
        "{n} confirmed initiative has no signed grant on record, and {m} more none for {years} years",
        "{n} confirmed initiatives have no signed grant on record, and {m} more none for {years} years",
        never,
    ).format(n=written.number(never), m=written.number(len(rows) - never), years=YEARS)
    return Table(
        "unseen",
        title,
        rows[["organisation", "host_countries", "activities", "confirmed_on", "only_provider_of", "none_since"]],
        _("Open, independent, confirmed within {days} days. None on record is not the same as none: most networks record only "
          "some of their grants. Alphabetical.").format(days=STALE_AFTER_DAYS),
    )  # fmt: skip


def _listed(found: pd.DataFrame, cells: pd.DataFrame, column: str, named: Callable[[str], str]) -> pd.Series:
    """What an organisation has in a column of the cells, in words."""
    names = cells[column].map({value: named(value) for value in cells[column].unique()})
    shown = names.groupby(cells["organisation_id"]).agg(written.in_a_cell)
    return found["organisation_id"].map(shown).astype("object").fillna("").astype("str")


@shown_once
def figures(visit: Visit, money: Portfolio) -> list[Figure]:
    """Does money follow money, is it spread thinly, and how long does a first grant take."""
    return [_follows(visit), _thinly(money), _reports(money), _first_grant(visit)]


@found_once
def _pull(visit: Visit) -> unseen.Pull:
    """Over every signed grant of the network, whatever is chosen."""
    grants = read(queries.funding.grants(visit.viewer))
    signed = grants[(grants["status"] == "commitment") & grants["recipient_is_member"].astype(bool)]
    signed = signed[~(signed["funder_id"] == signed["recipient_id"]).fillna(False)]
    signed = signed[["funder_id", "recipient_id", "committed_on"]].set_axis(["funder", "recipient", "day"], axis=1)
    each = one_per_initiative(read(queries.initiatives.places(Filters(), visit.viewer)))
    could = each.rename(columns={"organisation_id": "initiative", "founded_on": "opens", "closed_on": "closes"})
    cells = what_if.cells_of(visit).rename(columns={"organisation_id": "initiative"})
    tags = [
        cells[["initiative", column]].set_axis(["initiative", "tag"], axis=1) for column in ("activity", "host_country")
    ]
    return unseen.money_follows_money(signed, could, pd.concat(tags).drop_duplicates(ignore_index=True))


def _follows(visit: Visit) -> Figure:
    found = _pull(visit)
    chance, ratio = found.by_chance, found.ratio
    judged = _("{n} first grants of named funders judged, {k} without a named payer not").format(
        n=written.number(len(found.observed)), k=written.number(found.unnamed)
    )
    if chance is None or ratio is None:
        return Figure("money_follows_money", None, "–", _("too few grants to say"), judged)
    said = _("times as many earlier funders as who could have been chosen; by chance {low} to {high}").format(
        low=written.decimal(chance[0], 2), high=written.decimal(chance[1], 2)
    )
    return Figure("money_follows_money", ratio, written.decimal(ratio, 2), said, judged)


def _thinly(money: Portfolio) -> Figure:
    signed = money.signed
    named = signed[signed["funder_id"].notna()]
    found = unseen.spread_thinly(named.groupby(["funder_id", "recipient_id"])["minor"].sum().astype(float))
    return Figure(
        "thin_relations",
        found.thin,
        written.number(found.thin),
        _("of {n} relations of a funder and a recipient carry the last 5 % of the money").format(
            n=written.number(found.relations)
        ),
        _("payers that are not named left out"),
    )


def _reports(money: Portfolio) -> Figure:
    signed = money.signed
    live = signed[(signed["starts_on"] <= money.as_of) & (signed["ends_on"] >= money.as_of)]
    each = live.groupby("recipient_id").size()
    most, whole = int(each.max()) if len(each) else None, int(each.sum())
    return Figure(
        "live_grants",
        None if not len(each) else whole / len(each),
        written.decimal(whole / len(each)) if len(each) else "–",
        _("on average, {most} at most; as many yearly reports are owed").format(most=written.number(most)),
        ngettext("of {n} organisation with a live grant", "of {n} organisations with a live grant", len(each)).format(
            n=written.number(len(each))
        ),
    )


def _first_grant(visit: Visit) -> Figure:
    """Months from founding to the first signed grant; those without one wait until the cut-off or their closing."""
    each = _each(visit).merge(_last_signed(visit)[["organisation_id", "first"]], on="organisation_id", how="left")
    known = each[each["founded_on"].notna() & (each["founded_on"] <= visit.as_of)]
    until = known["first"].fillna(known["closed_on"].fillna(visit.as_of).clip(upper=visit.as_of))
    days = (until - known["founded_on"]).dt.days.clip(lower=0)
    outcome = known["first"].notna().map({True: "granted", False: "open"})
    curve = survival.outcome_curve(pd.DataFrame({"days": days, "outcome": outcome, "episodes": 1}))
    half = survival.days_until(curve, 0.5)
    coverage = _("founding known for {k} of {n} initiatives").format(
        k=written.number(len(known)), n=written.number(len(each))
    )
    if half is None:
        return Figure("first_grant_wait", None, "–", _("fewer than half have a signed grant on record"), coverage)
    months = half / DAYS_PER_MONTH
    said = _("by then half have their first grant, those still without one included")
    shown = _("{n} months").format(n=written.decimal(months))
    return Figure("first_grant_wait", months, shown, said, coverage)


def bridged_until(visit: Visit) -> str:
    """The day a bridge leads to at first."""
    return str((visit.as_of + pd.Timedelta(days=BRIDGED_DAYS)).date().isoformat())


def bridge(visit: Visit, money: Portfolio, until: str) -> Table:
    """Organisations whose last signed money ends within 180 days, soonest first, and what would carry them to a day."""
    soon = money.leaning["last_day"].between(
        money.as_of, money.as_of + pd.Timedelta(days=BRIDGED_DAYS), inclusive="right"
    )
    rows = (
        money.leaning[soon]
        .sort_values("organisation", key=written.alphabetical)
        .sort_values("last_day", kind="stable", ignore_index=True)
    )
    found = _ahead(money, date.fromisoformat(until)).reindex(rows["organisation_id"])
    alone = closing.only_provider_of(visit).reindex(rows["organisation_id"])
    rows = rows.assign(
        need_ahead=found["need"].to_numpy(),
        signed_ahead=found["signed"].fillna(0).to_numpy(),
        to_bridge=found["to_bridge"].to_numpy(),
        only_provider_of=alone.fillna(0).astype("Int64").to_numpy(),
    )
    columns = ["organisation", "last_day", "need_ahead", "signed_ahead", "to_bridge", "only_provider_of"]
    if visit.viewer.role != "funder":
        cash = what_if.cash(visit, money.currency)
        rows["cash_lasts"] = [funding.runway(*cash[one]) if one in cash else None for one in rows["organisation_id"]]
        columns.append("cash_lasts")
    title = _bridging_title(money, rows["to_bridge"], written.day(pd.Timestamp(until)))
    return Table(
        "bridging",
        title,
        rows[columns].astype({"cash_lasts": "Float64"} if "cash_lasts" in columns else {}),
        _("Whose last signed money ends within {days} days. The sum is the lowest stated need of the days from the cut-off to the "
          "chosen one, less what is signed for them; where no need is stated there is none.").format(days=BRIDGED_DAYS),
    )  # fmt: skip


def _bridging_title(money: Portfolio, to_bridge: pd.Series, day: str) -> str:
    """What would bridge them all until a day, as far as their need is stated."""
    known, n = to_bridge.dropna(), written.number(len(to_bridge))
    if to_bridge.empty:
        return _("No organisation's last signed money ends within {days} days").format(days=BRIDGED_DAYS)
    if known.empty:
        return ngettext(
            "What would bridge {n} organisation until {day} is not known",
            "What would bridge {n} organisations until {day} is not known",
            len(to_bridge),
        ).format(n=n, day=day)
    return _("{sum} would bridge {k} of {n} organisations until {day}").format(
        sum=written.money(int(known.sum()), money.currency), k=written.number(len(known)), n=n, day=day
    )


def _ahead(money: Portfolio, until: date) -> pd.DataFrame:
    """What is needed and signed from the day after the cut-off to a day, per organisation."""
    records = records_in(money.viewer, Cut(money.filters, money.currency))
    needs = placement.stated_needs(records)
    lowest = needs[needs["readings"] & need_tiers.reading("lowest", only_sure=money.only_sure) > 0]
    first = money.as_of + pd.Timedelta(days=1)
    return bridging.to_bridge(lowest, funding.ledger(records.grants), first, pd.Timestamp(until))
