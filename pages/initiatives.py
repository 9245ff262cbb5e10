"""Where the initiatives are: by host country, on the map, and how that has changed."""

from dashboard import view
from dashboard.i18n import _
from dashboard.topics import accounts, initiatives

visit = view.begin(
    "initiatives", _("Where are the initiatives?"), ("host_countries", "activities", "audiences", "funders", "scope")
)
one, two, three = view.side_by_side([4, 3, 5])
with one:
    unit = view.choose("unit", _("Count"), initiatives.unit_names())
with two:
    counting = view.choose("counting", _("In several countries"), initiatives.counting_names())
with three:
    basis = view.choose("basis", _("Place"), initiatives.basis_names())
found = initiatives.find(visit, initiatives.Choice(unit, counting == "share", basis))

view.summary(initiatives.summary(found))
part = view.part(initiatives.part_names())

if part == "where":
    bars, bubbles = view.side_by_side(2, gap="large")
    with bars:
        view.chart(initiatives.by_country(found))
    with bubbles:
        view.chart(initiatives.on_map(found))
    view.table(initiatives.countries(found, visit))
    if unlisted := initiatives.unlisted(visit):
        view.table(unlisted)
    view.table(accounts.of_initiatives(visit))
else:
    view.chart(initiatives.history(found))
    for chart in (initiatives.mix(found, visit), initiatives.per_thousand(found, visit)):
        if chart:
            view.chart(chart)

view.about(*initiatives.notes(found))
