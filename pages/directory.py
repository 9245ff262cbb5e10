"""Every initiative the reader may see: search, sort, filter, open."""

from dashboard import view
from dashboard.i18n import _
from dashboard.topics import directory, initiatives

visit = view.begin("directory", _("Directory"), ("host_countries", "activities", "audiences", "funders", "scope"))
left, right = view.side_by_side([2, 1])
with left:
    words = view.search(_("Search a name"), _("part of a name, in any script"))
with right:
    confirmation = view.choose("confirmation", _("Confirmed"), directory.confirmation_names())
found = directory.find(visit, words or "", confirmation)

view.summary(directory.summary(found, visit))
chosen = view.selectable(directory.listing(found))
if chosen is not None:
    view.go_to("initiative", id=found["slug"].iloc[chosen])
if unlisted := initiatives.unlisted(visit):
    view.caption(unlisted.title)

view.about(_("Lists what partners registered, not everything that exists. Some initiatives asked not to be listed."))
