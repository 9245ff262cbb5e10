"""If an initiative closes: what only it does, who else does the rest and until when, and which combinations may end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from dashboard.answers.what_if import cells_of
from dashboard.metrics import carrying_on
from dashboard.page.blocks import Figure, Table
from dashboard.page.reading import computed, read
from dashboard.page.visit import Visit
from dashboard.words import codes, written
from data_access import queries
from data_access.i18n import _, ngettext

DAYS = 180


def initiative_names(visit: Visit) -> dict[str, str]:
    """Initiatives with a project that has not ended, alphabetical."""
    named = cells_of(visit).drop_duplicates("organisation_slug").sort_values("organisation", key=written.alphabetical)
    return dict(zip(named["organisation_slug"], named["organisation"], strict=True))


def _with_cells(visit: Visit) -> pd.DataFrame:
    return _celled(cells_of(visit))


def _celled(cells: pd.DataFrame) -> pd.DataFrame:
    return cells.assign(cell=cells["host_country"] + "/" + cells["activity"], initiative=cells["organisation_slug"])


def _share_of(visit: Visit, slug: str) -> pd.Series:
    """Cells, alone and contribution of one initiative."""
    return carrying_on.contribution(_with_cells(visit)).set_index("initiative").loc[slug]


def only_provider_of(visit: Visit) -> pd.Series:
    """How many combinations an organisation alone serves, by its id."""
    cells = _with_cells(visit).assign(initiative=lambda rows: rows["organisation_id"])
    return carrying_on.contribution(cells).set_index("initiative")["alone"]


def sentence(visit: Visit, slug: str, names: Mapping[str, str]) -> str:
    """What would be without anybody, and what others do as well."""
    own = _share_of(visit, slug)
    cells, alone = int(own["cells"]), int(own["alone"])
    if not alone:
        said = ngettext(
            "If {name} closes, its {n} combination still has somebody else recorded.",
            "If {name} closes, each of its {n} combinations still has somebody else recorded.",
            cells,
        )
    elif alone == cells:
        said = ngettext(
            "If {name} closes, its {n} combination has nobody else recorded.",
            "If {name} closes, none of its {n} combinations has anybody else recorded.",
            cells,
        )
    else:
        said = ngettext(
            "If {name} closes, {alone} of its {n} combinations has nobody else recorded.",
            "If {name} closes, {alone} of its {n} combinations have nobody else recorded.",
            alone,
        )
    return said.format(name=names[slug], alone=written.number(alone), n=written.number(cells))


def figures(visit: Visit, slug: str) -> list[Figure]:
    """Its combinations, those only it serves, and its share of what several do."""
    own = _share_of(visit, slug)
    share, recorded = float(own["contribution"]), _("by projects on record that have not ended")
    return [
        Figure("combinations", int(own["cells"]), written.number(int(own["cells"])), coverage=recorded),
        Figure("only_it", int(own["alone"]), written.number(int(own["alone"])), coverage=recorded),
        Figure("contribution", share, written.decimal(share, 2), _("sum of 1 over the number of providers"), recorded),
    ]


def who_else(visit: Visit, slug: str) -> Table:
    """Per combination of the initiative: who else does it, and until when their money is signed."""
    cells, last = _with_cells(visit), _last_days(visit)
    own = cells[cells["initiative"] == slug][["cell", "host_country", "activity"]]
    others = cells[cells["initiative"] != slug].assign(
        last_day=lambda rows: last.reindex(rows["organisation_id"]).to_numpy()
    )
    others = others[others["cell"].isin(own["cell"])].sort_values("organisation", key=written.alphabetical)
    told = others.groupby("cell").agg(others=("organisation", "; ".join), last_day=("last_day", "max"))
    rows = own.merge(told, left_on="cell", right_index=True, how="left")
    rows = codes.by_names(rows, ["host_country", "activity"])
    rows = rows.assign(others=rows["others"].fillna("").astype("str"), last_day=pd.to_datetime(rows["last_day"]))
    return Table("closes", _("Who else does it, and until when"), rows[["host_country", "activity", "others", "last_day"]].reset_index(drop=True),
                 _("Among those listed. The day is the last of their signed money; empty: none on record."))  # fmt: skip


def together(visit: Visit, projects: Sequence[int]) -> str:
    """In how many combinations the leads of two projects work, and in how many of them both."""
    owners = read(queries.overlap.projects(visit.viewer, projects)).set_index("project_id")["organisation_slug"]
    a, b = (owners.get(project, "") for project in projects)
    cells = cells_of(visit)
    both = _celled(cells[cells["organisation_slug"].isin([a, b])])
    pair = carrying_on.of_pair({name: set(own["cell"]) for name, own in both.groupby("initiative")}, a, b)
    said = ngettext(
        "{n} combination: {both} both, {one} one of them",
        "{n} combinations: {both} both, {one} one of them",
        pair.both + pair.only_a + pair.only_b,
    )
    return said.format(
        n=written.number(pair.both + pair.only_a + pair.only_b), both=written.number(pair.both),
        one=written.number(pair.only_a + pair.only_b),
    )  # fmt: skip


def _last_days(visit: Visit) -> pd.Series:
    """The last day of signed money per organisation, whatever is chosen."""
    return read(queries.money.recipients(visit.currency, visit.viewer)).set_index("organisation_id")["last_day"]


def _states(visit: Visit) -> pd.DataFrame:
    """What becomes of each combination of the chosen countries and activities, with all of its providers."""
    found, filters = computed(lambda: _states_of_all(visit), "closing.states", visit.currency), visit.filters
    for column, chosen in (("host_country", filters.host_countries), ("activity", filters.activities)):
        found = found[found[column].isin(chosen)] if chosen else found
    return found


def _states_of_all(visit: Visit) -> pd.DataFrame:
    """What becomes of each combination, with its host_country and activity."""
    cells, last = _with_cells(visit), _last_days(visit)
    cells = cells.assign(last_day=last.reindex(cells["organisation_id"]).to_numpy())
    places = cells.drop_duplicates("cell")[["cell", "host_country", "activity"]]
    return carrying_on.may_end(cells, visit.as_of, DAYS).merge(places, on="cell")


def may_end_figure(visit: Visit) -> Figure:
    """How many combinations may end, of all, and how many of them hang on one provider."""
    found = _states(visit)
    ending = found[found["state"] == "may_end"]
    alone = int((ending["providers"] == 1).sum())
    return Figure(
        "may_end",
        len(ending),
        written.number(len(ending)),
        _("of {n} combinations, within {days} days").format(n=written.number(len(found)), days=DAYS),
        _("with one provider: {n}").format(n=written.number(alone)),
    )


def may_end(visit: Visit) -> Table:
    """Combinations whose every provider has signed money that ends within 180 days."""
    found = _states(visit)
    ending = found[found["state"] == "may_end"]
    counts = found["state"].value_counts()
    note = _("Of {all} combinations. Without signed money any more: {ended}; with a provider that has none on record, of which "
             "nothing is said: {unknown}.").format(
        all=written.number(len(found)), ended=written.number(int(counts.get("ended", 0))),
        unknown=written.number(int(counts.get("no_money_on_record", 0))),
    )  # fmt: skip
    title = ngettext(
        "{n} combination may end within {days} days", "{n} combinations may end within {days} days", len(ending)
    ).format(n=written.number(len(ending)), days=DAYS)
    rows = codes.by_names(ending, ["host_country", "activity"])
    return Table(
        "may_end",
        title,
        rows[["host_country", "activity", "providers", "last_day"]].astype({"providers": "Int64"}),
        note,
    )
