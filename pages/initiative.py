"""One initiative's profile, at an address of its own."""

from dashboard.answers import closing, contested, profile
from dashboard.page.blocks import About, Blocks, Done, Facts, Hint, Link, Remark, Sentence, StartAgain, Title
from dashboard.page.registry import page
from dashboard.page.visit import Visit
from data_access import contests
from data_access.i18n import N_, _


@page(N_("Initiative"), icon="flag", place=90, about="id")
def initiative(visit: Visit) -> Blocks:
    """Every record of one initiative; the filters do not cut it."""
    slug = visit.own.get("id", "")
    found = profile.find(visit, slug)
    yield Title(found.row["name"] if found else _("Initiative"))
    yield Link("directory", _("Back to the directory"), is_back=True)

    if found is None:
        yield Hint(_("There is no initiative at this address that you may open. Choose one in the directory."))
        return
    yield Done()
    yield profile.summary(found, visit)
    if said := contested.of_one(visit, found):
        yield Remark(said)
    yield Facts(profile.facts(found))
    if slug in (names := closing.initiative_names(visit)):
        yield Sentence(closing.sentence(visit, slug, names))
        yield closing.who_else(visit, slug)
    yield profile.projects(found)
    yield profile.grants(found)
    yield profile.needs(found)
    yield profile.partners(found)
    yield profile.similar(found)
    if contested.can_be_said() and (wrong := (yield contested.of_profile(found))):
        yield from _said(visit, *wrong)
    yield About([_("A profile shows every record of the initiative; the filters do not cut it.")])


def _said(visit: Visit, record: str, kind: str) -> Blocks:
    """What becomes of what a reader said."""
    try:
        yield StartAgain(contested.say(visit, record, kind))
    except contests.NotNoted as refusal:
        yield Hint(str(refusal))
