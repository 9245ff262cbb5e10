"""Every initiative the reader may see: search, sort, filter, open."""

from dashboard.answers import directory as registered
from dashboard.answers import initiatives
from dashboard.page.blocks import About, Beside, Blocks, Caption, Choice, Search
from dashboard.page.registry import EVERY_LIST, page
from dashboard.page.visit import Visit
from data_access.i18n import N_, _


@page(
    N_("Directory"),
    N_("Directory"),
    icon="list",
    place=60,
    applies=(*EVERY_LIST, "scope"),
)
def directory(visit: Visit) -> Blocks:
    """A search, the list, and the way to each profile."""
    search = Search(_("Search a name"), _("part of a name, in any script"))
    confirmed = Choice("confirmation", _("Confirmed"), registered.confirmation_names())
    words, confirmation = yield Beside((search, confirmed), widths=(2, 1))
    found = registered.find(visit, words or "", confirmation)

    yield registered.summary(found, visit)
    yield registered.listing(found)
    if unlisted := initiatives.unlisted(visit):
        yield Caption(unlisted.title)

    yield About(
        [_("Lists what partners registered, not everything that exists. Some initiatives asked not to be listed.")]
    )
