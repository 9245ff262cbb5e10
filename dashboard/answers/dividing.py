"""More or less money: what named rules would give each line, side by side; none of them is the right one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import partial

import pandas as pd

from dashboard.answers.portfolio import Portfolio, converted, lines_in_parts
from dashboard.metrics import bridging, claims, funding, need_tiers, placement
from dashboard.metrics.overlap import is_placed
from dashboard.page.blocks import Chart, Table
from dashboard.page.reading import read
from dashboard.pictures import charts
from dashboard.words import written
from data_access import queries
from data_access.i18n import _
from data_access.queries.money import Cut

COVERED = Fraction(3, 4)
Awards = Mapping[str, Mapping[int, int]]


def rule_names(*, is_cut: bool = False) -> dict[str, tuple[str, str]]:
    """Each rule's name, and what it does in lay words: a cut divides what stays of what is signed ahead."""
    if is_cut:
        return {
            "proportional": (_("proportional"), _("every line keeps the same share of what is signed for it")),
            "equal_awards": (_("equal awards"), _("every line keeps the same sum, nobody more than is signed for it")),
            "equal_losses": (_("equal losses"), _("every line loses the same sum, nobody more than is signed for it")),
            "talmud": (_("half-claims"), _("equal sums are kept up to half of what each has, equal losses beyond")),
            "equal_coverage": (
                _("equal coverage"),
                _("what stays goes to the least covered first, until all are covered alike"),
            ),
            "soonest_cliff": (
                _("soonest cliff"),
                _("what stays goes first to whose organisation's signed money ends first"),
            ),
            "newcomers_first": (
                _("first-time grantees first"),
                _("what stays goes first to lines of organisations without an earlier grant"),
            ),
        }
    return {
        "proportional": (_("proportional"), _("every line the same share of what it lacks")),
        "equal_awards": (_("equal awards"), _("every line the same sum, nobody more than it lacks")),
        "equal_losses": (_("equal losses"), _("every line stays short of the same sum, nobody below nothing")),
        "talmud": (_("half-claims"), _("equal sums up to half of what each lacks, equal losses beyond")),
        "equal_coverage": (_("equal coverage"), _("the least covered first, until all are covered alike")),
        "soonest_cliff": (_("soonest cliff"), _("first whose organisation's signed money ends first")),
        "newcomers_first": (_("first-time grantees first"), _("first lines of organisations without an earlier grant")),
    }


@dataclass(frozen=True)
class Asked:
    """How much there is to divide, or less of (below 0), no award below `smallest` or above `ceiling`, in minor units; 0: none."""

    amount: int
    smallest: int = 0
    ceiling: int = 0

    @property
    def is_cut(self) -> bool:
        """Whether money is taken away."""
        return self.amount < 0


def asked(amount: int, smallest: int, ceiling: int) -> Asked:
    """What a reader asked for in major units; a smallest or ceiling below nothing is none."""
    return Asked(amount * 100, max(0, smallest) * 100, max(0, ceiling) * 100)


def claims_of(money: Portfolio, *, is_cut: bool = False) -> pd.DataFrame:
    """The lines to divide over, in the reader's choice and tier: line (a number from 1), key, name, organisation, need, claim,
    last_day (of the organisation's signed money), is_new (it has no earlier grant on record).

    A claim is what a line of the year lacks; for a cut what is signed for it after the cut-off.
    """
    return _ahead(money) if is_cut else _lacking(money)


def _lacking(money: Portfolio) -> pd.DataFrame:
    lines = funding.coverage_lines(money.lines)
    lines = lines[lines["gap"].gt(0).fillna(False)].sort_values("line")
    of = money.cells.drop_duplicates("line").set_index("line")["organisation_id"]
    owner = lines["line"].map(of)
    return _known(money, lines.assign(owner=owner, claim=lines["gap"]))


def _ahead(money: Portfolio) -> pd.DataFrame:
    cut = Cut(money.filters, money.currency)
    last_beyond = read(queries.funding.grants_ahead(cut, money.as_of.date(), money.viewer))
    entries = funding.ledger(converted(last_beyond, money.viewer, money.currency))
    line = placement.line_of(entries["line_project_id"], entries["organisation_id"])
    ahead = bridging.within(entries, money.as_of + pd.Timedelta(days=1), bridging.FOREVER)
    sums = ahead.groupby(line).sum().round().astype("int64").rename_axis("line").rename("claim").reset_index()
    named = read(queries.money.lines_in(cut, money.viewer))
    owners = entries.assign(line=line, owner=entries["organisation_id"]).drop_duplicates("line")[["line", "owner"]]
    lines = sums[sums["claim"] > 0].merge(named, on="line").merge(owners, on="line")
    names = money.recipients.set_index("organisation_id")["organisation"]
    needs = money.lines.set_index("line")["need"].reindex(lines["line"]).to_numpy()
    lines = lines.assign(
        name=lines["name"].fillna(_("Core work")), organisation=lines["owner"].map(names), need=needs
    ).sort_values("line")
    lines = lines[lines["organisation"].notna()]
    return _known(money, lines.assign(need=lines["need"].fillna(0).clip(lower=lines["claim"])))


def _known(money: Portfolio, lines: pd.DataFrame) -> pd.DataFrame:
    last = money.recipients.set_index("organisation_id")["last_day"]
    return pd.DataFrame(
        {
            "line": range(1, len(lines) + 1),
            "key": lines["line"].astype("int64").to_numpy(),
            "name": lines["name"].to_numpy(),
            "organisation": lines["organisation"].to_numpy(),
            "need": lines["need"].astype("int64").to_numpy(),
            "claim": lines["claim"].astype("int64").to_numpy(),
            "last_day": pd.to_datetime(last.reindex(lines["owner"])).to_numpy(),
            "is_new": (~lines["owner"].isin(money.grantees["organisation_id"])).to_numpy(),
        }
    )


def divided(found: pd.DataFrame, asked: Asked) -> dict[str, dict[int, int]]:
    """Rule -> line -> award in minor units, for a cut what it loses; the awards of a rule and what is left over add to the
    amount."""
    claim = claims.exactly(dict(zip(found["line"], (int(x) for x in found["claim"]), strict=True)))
    amount = Fraction(abs(asked.amount))
    if asked.is_cut:
        return {name: claims.in_cents(claims.cut(rule, claim, amount)) for name, rule in _rules(found).items()}
    return {name: claims.in_cents(_limited(rule, asked)(claim, amount)) for name, rule in _rules(found).items()}


def _rules(found: pd.DataFrame) -> dict[str, claims.Rule]:
    need = claims.exactly(dict(zip(found["line"], (int(x) for x in found["need"]), strict=True)))
    order = found.sort_values(["last_day", "line"], na_position="first")["line"].tolist()
    return {
        "proportional": claims.proportional,
        "equal_awards": claims.equal_awards,
        "equal_losses": claims.equal_losses,
        "talmud": claims.talmud,
        "equal_coverage": claims.equal_coverage(need),
        "soonest_cliff": claims.in_order(order),
        "newcomers_first": claims.first_to(set(found.loc[found["is_new"], "line"])),
    }


def _limited(rule: claims.Rule, asked: Asked) -> claims.Rule:
    """A rule under a ceiling, then under a smallest grant."""
    if asked.ceiling:
        rule = partial(claims.with_ceiling, rule, ceiling=Fraction(asked.ceiling))
    if asked.smallest:
        rule = partial(claims.with_smallest, rule, smallest=Fraction(asked.smallest))
    return rule


def sentence(money: Portfolio, found: pd.DataFrame, asked: Asked) -> str:
    """What the amount is against what is missing, or signed ahead, and what would be left over."""
    whole, n = int(found["claim"].sum()), written.number(len(found))
    shown, all_of_it = written.money(abs(asked.amount), money.currency), written.money(whole, money.currency)
    if asked.is_cut:
        if found.empty:
            return _("Nothing is signed ahead in your choice: there is nothing to cut.")
        less = _("{amount} less, of {ahead} signed ahead on {n} lines, under seven rules.")
        return less.format(amount=shown, ahead=all_of_it, n=n)
    if found.empty:
        return _("No line of your choice states a need that is not met: there is nothing to divide.")
    if not asked.amount:
        return _("Write an amount, below 0 for a cut: {missing} are missing on {n} lines.").format(
            missing=all_of_it, n=n
        )
    left = max(0, asked.amount - whole)
    said = _("{amount} over {missing} missing on {n} lines, under seven rules.").format(
        amount=shown, missing=all_of_it, n=n
    )
    over = _("{left} would be left over.").format(left=written.money(left, money.currency))
    return f"{said} {over}" if left else said


def rules_table(money: Portfolio, found: pd.DataFrame, asked: Asked, awards: Awards) -> Table:
    """What each rule comes to: coverage by tier, lines and combinations covered, the five largest, newcomers, and what the
    largest claim would gain by asking double; for a cut, who loses everything and who nothing."""
    claim, new = found.set_index("line")["claim"], set(found.loc[found["is_new"], "line"])
    doubled = {} if asked.is_cut else divided(_doubled(found), asked)
    largest = int(found.loc[found["claim"].idxmax(), "line"])
    lines = {} if asked.is_cut else {tier: money.sums_read(tier) for tier in need_tiers.NEED_KINDS}
    rows = []
    for name, (title, words) in rule_names(is_cut=asked.is_cut).items():
        given = pd.Series(awards[name]).reindex(claim.index, fill_value=0)
        total = int(given.sum())
        row = {
            "rule": title,
            "in_words": words,
            "awarded": total,
            "largest_five": float(given.nlargest(5).sum() / total) if total else None,
        }
        if asked.is_cut:
            rows.append(row | {"loses_all": int((given >= claim).sum()), "loses_none": int((given == 0).sum())})
            continue
        rows.append(
            row
            | _after(money, lines, found, given)
            | {
                "whole_lines": int((given >= claim).sum()),
                "newcomers_share": float(given[given.index.isin(new)].sum() / total) if total else None,
                "if_doubled": doubled[name].get(largest, 0) - awards[name].get(largest, 0),
            }
        )
    shares = ("largest_five", "newcomers_share", *(f"{tier}_after" for tier in need_tiers.NEED_KINDS))
    told = pd.DataFrame(rows)
    told = told.astype({c: "Float64" if c in shares else "Int64" for c in told if c not in ("rule", "in_words")})
    note = _("None of them is the right one: they are what people mean by fair, worked out side by side.")
    return Table("amount_rules", _("What each rule comes to"), told, note)


def _doubled(found: pd.DataFrame) -> pd.DataFrame:
    """The largest claim twice as large, as if its line had stated that much more need."""
    is_largest = found.index == found["claim"].idxmax()
    more = found["claim"].where(is_largest, 0)
    return found.assign(claim=found["claim"] + more, need=found["need"] + more)


def _after(
    money: Portfolio, read_as: Mapping[str, pd.DataFrame], found: pd.DataFrame, given: pd.Series
) -> dict[str, float | int | None]:
    """Coverage by tier once the awards are there, its lines `read_as` that tier, and combinations of country and activity below
    75 %."""
    award = pd.Series(given.to_numpy(), index=found["key"])
    told: dict[str, float | int | None] = {}
    for tier, lines in read_as.items():
        stated = lines[lines["need"].gt(0).fillna(False)]
        met = (stated["funded"] + stated["line"].map(award).fillna(0)).clip(upper=stated["need"])
        told[f"{tier}_after"] = float(met.sum() / stated["need"].sum()) if len(stated) else None
    after = (found["need"] - found["claim"] + given.to_numpy()) / found["need"]
    return told | {"below_line": int((after < float(COVERED)).sum()), "below_cells": _cells_below(money, award)}


def _cells_below(money: Portfolio, award: pd.Series) -> int:
    """Combinations that stay below 75 %: an award goes to the cells of its line in the shares of what they lack."""
    cells = lines_in_parts(money, ["host_country", "activity"])
    cells = cells[cells["need"].gt(0).fillna(False) & is_placed(cells)]
    lacks = cells["gap"].astype(float)
    of_line = lacks.groupby(cells["line"]).transform("sum")
    more = cells["line"].map(award).fillna(0) * (lacks / of_line.where(of_line > 0)).fillna(0)
    met = (cells["funded"] + more).clip(upper=cells["need"]).astype(float)
    sums = pd.DataFrame({"met": met, "need": cells["need"].astype(float)}).groupby(
        [cells["host_country"], cells["activity"]]
    )
    whole = sums.sum()
    return int((whole["met"] < float(COVERED) * whole["need"] - 0.5).sum())


def picture(rules: Table, lines: int) -> Chart:
    """How many of the lines each rule would cover whole, and leave below three quarters; for a cut, whom it spares."""
    table, is_cut = rules.rows, "loses_all" in rules.rows
    first, last = ("loses_none", "loses_all") if is_cut else ("whole_lines", "below_line")
    rows = table[["rule", first, last]].assign(between=(lines - table[first] - table[last]).clip(lower=0))
    title = (
        _("Lines that lose nothing, and lines that lose everything, under each rule")
        if is_cut
        else _("Lines covered whole, and lines still below 75 %, under each rule")
    )
    names = (_("lose nothing"), _("lose everything")) if is_cut else (_("covered whole"), _("below 75 %"))
    parts = [(first, names[0]), ("between", _("between")), (last, names[1])]
    colours = ((charts.FIRST, charts.GREY), (charts.LIGHT, charts.PALE), (charts.SECOND, charts.GREY))
    note = _("Of {n} lines with money signed ahead.") if is_cut else _("Of {n} lines that lack something.")
    return Chart("amount", title, rows[["rule", first, "between", last]], note.format(n=written.number(lines)),
                 charts.ranked_bars(rows, "rule", parts, colours=colours),
                 charts.alternative(title, list(rows["rule"]), [written.number(int(n)) for n in rows[first]]))  # fmt: skip


def lines_table(found: pd.DataFrame, asked: Asked, awards: Awards) -> Table:
    """Every line with its claim and what each rule gives it, or takes from it."""
    columns = {name: found["line"].map(given).fillna(0).astype("Int64") for name, given in awards.items()}
    rows = found.assign(line=found["name"], claim=found["claim"].astype("Int64"), **columns)
    rows = rows[["line", "organisation", "claim", *awards]]
    if asked.is_cut:
        note = _(
            "What is signed ahead stands first. The cuts of a rule add to what is taken away, at most all that is signed ahead."
        )
        return Table("amount_lines", _("What each line would lose"), rows, note)
    return Table("amount_lines", _("What each line would get"), rows,
                 _("Lines without a stated need get nothing and are not listed. Awards and what is left over add to the amount."))  # fmt: skip
