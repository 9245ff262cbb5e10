"""More or less money: what named rules would give each line, side by side; none of them is the right one."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

import pandas as pd

from dashboard.answers.portfolio import Portfolio
from dashboard.metrics import claims, funding
from dashboard.page.blocks import Chart, Table
from dashboard.pictures import charts
from dashboard.words import written
from dashboard.words.i18n import _

COVERED = Fraction(3, 4)


def rule_names() -> dict[str, tuple[str, str]]:
    """Each rule's name, and what it does in lay words."""
    return {
        "proportional": (_("proportional"), _("every line the same share of what it lacks")),
        "equal_awards": (_("equal awards"), _("every line the same sum, nobody more than it lacks")),
        "equal_losses": (_("equal losses"), _("every line stays short of the same sum, nobody below nothing")),
        "talmud": (_("half-claims"), _("equal sums up to half of what each lacks, equal losses beyond")),
        "equal_coverage": (_("equal coverage"), _("the least covered first, until all are covered alike")),
        "soonest_cliff": (_("soonest cliff"), _("first whose organisation's signed money ends first")),
        "newcomers_first": (_("first-time grantees first"), _("first lines of organisations without an earlier grant")),
    }


def claims_of(money: Portfolio) -> pd.DataFrame:
    """The lines of the year that lack something, in the reader's choice and tier: line (a number from 1), name, organisation, need,
    signed, claim, last_day (of the organisation's signed money), is_new (it has no earlier grant on record)."""
    lines = funding.coverage_lines(money.lines)
    lines = lines[lines["gap"].gt(0).fillna(False)].sort_values("line")
    of = money.cells.drop_duplicates("line").set_index("line")["organisation_id"]
    owner = lines["line"].map(of)
    last = money.recipients.set_index("organisation_id")["last_day"]
    return pd.DataFrame(
        {
            "line": range(1, len(lines) + 1),
            "name": lines["name"].to_numpy(),
            "organisation": lines["organisation"].to_numpy(),
            "need": lines["need"].astype("int64").to_numpy(),
            "claim": lines["gap"].astype("int64").to_numpy(),
            "last_day": pd.to_datetime(last.reindex(owner)).to_numpy(),
            "is_new": (~owner.isin(money.grantees["organisation_id"])).to_numpy(),
        }
    )


def divided(found: pd.DataFrame, amount: int) -> dict[str, dict[int, int]]:
    """Rule -> line -> award in minor units; the awards of a rule and what is left over add to the amount."""
    asked = claims.exactly(dict(zip(found["line"], (int(x) for x in found["claim"]), strict=True)))
    need = claims.exactly(dict(zip(found["line"], (int(x) for x in found["need"]), strict=True)))
    order = found.sort_values(["last_day", "line"], na_position="first")["line"].tolist()
    rules: Mapping[str, claims.Rule] = {
        "proportional": claims.proportional,
        "equal_awards": claims.equal_awards,
        "equal_losses": claims.equal_losses,
        "talmud": claims.talmud,
        "equal_coverage": claims.equal_coverage(need),
        "soonest_cliff": claims.in_order(order),
        "newcomers_first": claims.first_to(set(found.loc[found["is_new"], "line"])),
    }
    return {name: claims.in_cents(rule(asked, Fraction(amount))) for name, rule in rules.items()}


def sentence(money: Portfolio, found: pd.DataFrame, amount: int) -> str:
    """What the amount is against what is missing, and what would be left over."""
    missing = int(found["claim"].sum())
    if found.empty:
        return _("No line of your choice states a need that is not met: there is nothing to divide.")
    if amount <= 0:
        return _("Write an amount: {missing} are missing on {n} lines.").format(
            missing=written.money(missing, money.currency), n=written.number(len(found))
        )
    left = max(0, amount - missing)
    said = _("{amount} over {missing} missing on {n} lines, under seven rules.").format(
        amount=written.money(amount, money.currency),
        missing=written.money(missing, money.currency),
        n=written.number(len(found)),
    )
    over = _("{left} would be left over.").format(left=written.money(left, money.currency))
    return f"{said} {over}" if left else said


def rules_table(found: pd.DataFrame, awards: Mapping[str, Mapping[int, int]]) -> Table:
    """What each rule comes to: lines covered whole and to three quarters, shares of the largest five and of newcomers."""
    claim, need = found.set_index("line")["claim"], found.set_index("line")["need"]
    new = set(found.loc[found["is_new"], "line"])
    rows = []
    for name, (title, words) in rule_names().items():
        given = pd.Series(awards[name]).reindex(claim.index, fill_value=0)
        total = int(given.sum())
        after = (need - claim + given) / need
        rows.append(
            {
                "rule": title,
                "in_words": words,
                "awarded": total,
                "whole_lines": int((given >= claim).sum()),
                "below_line": int((after < float(COVERED)).sum()),
                "largest_five": float(given.nlargest(5).sum() / total) if total else None,
                "newcomers_share": float(given[given.index.isin(new)].sum() / total) if total else None,
            }
        )
    told = pd.DataFrame(rows).astype({"awarded": "Int64", "whole_lines": "Int64", "below_line": "Int64",
                                      "largest_five": "Float64", "newcomers_share": "Float64"})  # fmt: skip
    return Table("amount_rules", _("What each rule comes to"), told,
                 _("None of them is the right one: they are what people mean by fair, worked out side by side."))  # fmt: skip


def picture(rules: Table, lines: int) -> Chart:
    """How many of the lines each rule would cover whole, and leave below three quarters."""
    table = rules.rows
    rows = table[["rule", "whole_lines", "below_line"]].assign(
        between=(lines - table["whole_lines"] - table["below_line"]).clip(lower=0)
    )
    title = _("Lines covered whole, and lines still below 75 %, under each rule")
    parts = [("whole_lines", _("covered whole")), ("between", _("between")), ("below_line", _("below 75 %"))]
    colours = ((charts.FIRST, charts.GREY), (charts.LIGHT, charts.PALE), (charts.SECOND, charts.GREY))
    return Chart("amount", title, rows[["rule", "whole_lines", "between", "below_line"]],
                 _("Of {n} lines that lack something.").format(n=written.number(lines)),
                 charts.ranked_bars(rows, "rule", parts, colours=colours),
                 charts.alternative(title, list(rows["rule"]), [written.number(int(n)) for n in rows["whole_lines"]]))  # fmt: skip


def lines_table(found: pd.DataFrame, awards: Mapping[str, Mapping[int, int]]) -> Table:
    """Every line with its claim and what each rule gives it."""
    columns = {name: found["line"].map(given).fillna(0).astype("Int64") for name, given in awards.items()}
    rows = found.assign(line=found["name"], claim=found["claim"].astype("Int64"), **columns)
    return Table("amount_lines", _("What each line would get"), rows[["line", "organisation", "claim", *awards]],
                 _("Lines without a stated need get nothing and are not listed. Awards and what is left over add to the amount."))  # fmt: skip
