"""What a load asks people about and loads all the same: similar names, amounts out of all proportion."""

from __future__ import annotations

import statistics
from array import array
from collections import defaultdict

from rapidfuzz import fuzz, process
from sqlalchemy import ColumnElement, FromClause, Integer, Select, String, and_, cast, func, literal, select

from data_access import schema
from data_access.i18n import _, in_digits
from data_access.importers.entities import ENTITIES, bare
from data_access.importers.records import Place, Problem
from data_access.importers.run import BATCH, Run

ALIKE_FROM = 92
OUTLIER_FROM = 100
FEWEST_FOR_MEDIAN = 5


def propose_similar(run: Run) -> None:
    """Say which new organisations have a name like that of another one, new or old; none is merged."""
    if not run.new_organisations:
        return
    with_slugs = select(schema.organisation.c.id, schema.organisation.c.slug, schema.organisation.c.name)
    everybody = run.connections["shared"].execute(with_slugs.order_by(schema.organisation.c.id)).all()
    names = [bare(row.name) for row in everybody]
    for place, own, name in run.new_organisations:
        alike = process.extract(bare(name), names, scorer=fuzz.token_sort_ratio, score_cutoff=ALIKE_FROM, limit=3)
        others = [everybody[index] for _name, _score, index in alike if everybody[index].id < own]
        if others:
            shown = ", ".join(f"{row.name} ({row.slug})" for row in others)
            run.outcome.add(
                Problem(place, "", name, "similar_organisation",
                        _("has a name like {others}; they were not merged.").format(others=shown),
                        _("If they are one, merge them (`meridian merge`, or the page Data); if not, there is nothing to do."),
                        is_warning=True)
            )  # fmt: skip


def propose_same_cases(run: Run) -> None:
    """Say which new cases have the number of a case of an earlier load, written otherwise; each is a case of its own."""
    case, other = schema.relocation_case, schema.relocation_case.alias("other")
    new = list(run.new_cases)
    for start in range(0, len(new), BATCH):
        alike = (
            select(case.c.id)
            .join(other, and_(other.c.number_key == case.c.number_key, other.c.id != case.c.id))
            .where(case.c.id.in_(new[start : start + BATCH]), case.c.number_key.is_not(None))
            .distinct()
        )
        for found in run.connections["cases"].scalars(alike.order_by(case.c.id)):
            run.outcome.add(
                Problem(run.new_cases[found], "case", "", "numbers_alike",
                        _("is a number that another row or an earlier load writes with other zeros, capitals or separators; each "
                          "is a case of its own."),
                        _("If they are one case, take this load back, write its number in one way and load again."),
                        is_warning=True)
            )  # fmt: skip


def warn_of_outliers(run: Run) -> None:
    """Say which amounts of this run are a hundred times what this source usually states in that currency."""
    said = _("of {name} is {times} times this source's median of {usual} {currency}. IT WAS LOADED.")
    for entity in ("grant", "need", "payment"):
        if entity not in run.entities:
            continue
        connection, table = run.connections["shared"], ENTITIES[entity].table
        records, ours = run.source_records(entity)
        number = id_in(records)
        size = func.abs(table.c.amount_minor)
        of_source = records.join(table, table.c.id == number)
        stated = select(table.c.currency, size).select_from(of_source).where(ours, size.is_not(None))
        by_currency: dict[str, array[int]] = defaultdict(lambda: array("q"))
        for currency, amount in connection.execute(stated.execution_options(yield_per=BATCH)):
            by_currency[currency].append(amount)
        for currency, amounts in by_currency.items():
            usual = statistics.median(amounts) if len(amounts) >= FEWEST_FOR_MEDIAN else 0
            if usual <= 0:
                continue
            far = select(records.c.external_id, table.c.amount_minor).select_from(of_source)
            far = far.where(ours, records.c.run_id == run.runs["shared"], table.c.currency == currency)
            for name, amount in connection.execute(far.where(size >= OUTLIER_FROM * usual).order_by(number)):
                run.outcome.add(
                    Problem(Place(entity), "amount", f"{in_digits(amount / 100, 2)} {currency}", "outlier",
                            said.format(name=name, times=in_digits(abs(amount) / usual), usual=in_digits(usual / 100, 2),
                                        currency=currency),
                            _("Check thousands separators, decimals and currency."), is_warning=True)
                )  # fmt: skip


def grants_made(run: Run, what: ColumnElement[str]) -> Select[str]:
    """A column of `import_change` of the grants that this load made."""
    change = schema.import_change.c
    return select(what).where(change.run_id == run.runs["shared"], change.entity == "grant", change.before.is_(None))


def id_in(records: FromClause) -> ColumnElement[int]:
    """The id in the key of a source record, of tables that have one."""
    return cast(func.substr(records.c.row_key, 2, func.length(records.c.row_key) - 2), Integer)


def key_of(number: ColumnElement[int]) -> ColumnElement[str]:
    """The key in a source record of a row with this id."""
    return literal("[") + cast(number, String) + "]"
