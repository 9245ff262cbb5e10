"""One initiative's profile, at an address of its own."""

from dashboard import view
from dashboard.i18n import _
from dashboard.topics import profile
from dashboard.visit import current

visit = current()
found = profile.find(visit, view.subject("id"))
everything = ("host_countries", "activities", "audiences", "funders", "period", "scope")
view.begin("initiative", found.row["name"] if found else _("Initiative"), everything)
view.link_to("directory", _("Back to the directory"))

if found is None:
    view.hint(_("There is no initiative at this address that you may open. Choose one in the directory."))
else:
    view.summary(profile.summary(found, visit))
    view.lines(profile.facts(found))
    view.table(profile.projects(found))
    view.table(profile.grants(found))
    view.table(profile.needs(found))
    view.table(profile.partners(found))
    view.table(profile.similar(found))
    view.about(_("A profile shows every record of the initiative; the filters do not cut it."))
