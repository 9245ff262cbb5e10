"""Where the initiatives are: by host country, on the map, and how that has changed."""

from dashboard.answers import accounts, activity_mix, contested, initiative_rows, ways_of_working
from dashboard.answers import initiatives as where
from dashboard.page.blocks import About, Beside, Blocks, Choice, Figures, Folded, Part, Reading, Remark, rows_of_figures
from dashboard.page.registry import EVERY_LIST, page
from dashboard.page.visit import Visit
from data_access.i18n import N_, _


@page(
    N_("Initiatives"),
    N_("Where are the initiatives?"),
    icon="location_on",
    place=20,
    applies=(*EVERY_LIST, "scope"),
)
def initiatives(visit: Visit) -> Blocks:
    """Countries as bars and on the map, then how that has changed."""
    unit, counting, basis = yield Reading(
        (
            Choice("unit", _("Count"), where.unit_names()),
            Choice("counting", _("In several countries"), where.counting_names()),
            Choice("basis", _("Place"), where.basis_names()),
        ),
    )
    found = where.find(visit, where.Choice(unit, counting == "share", basis))

    summary = where.summary(found)
    yield summary
    if figure := (yield rows_of_figures(summary, initiative_rows.FIGURES)):
        yield initiative_rows.rows_of_figure(found, figure)
    if said := contested.of_initiatives(visit, found):
        yield Remark(said)
    part = yield Part(where.part_names())

    if part == "where":
        yield Beside((where.by_country(found), where.on_map(found)), gap="large")
        yield Folded(where.countries(found, visit))
        if unlisted := where.unlisted(visit):
            yield unlisted
        yield Folded(accounts.of_initiatives(visit))
    elif part == "how":
        work = ways_of_working.find(visit)
        yield Figures(ways_of_working.figures(work))
        if connected := ways_of_working.partner_countries(visit, work):
            yield connected
        yield ways_of_working.local_partners(work)
        for table in (
            ways_of_working.partnerships(work),
            ways_of_working.without_partner(work),
            ways_of_working.legal_forms(work),
            ways_of_working.results(visit),
        ):
            yield Folded(table)
    else:
        yield where.history(found, visit)
        for chart in (activity_mix.mix(found, visit), where.per_thousand(found, visit)):
            if chart:
                yield chart

    yield About(where.notes(found))
