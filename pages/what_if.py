"""What would be: a funder leaves, money grows or shrinks, an initiative closes."""

from dashboard.answers import closing, dependence, dividing, funding, portfolio, what_if
from dashboard.page.blocks import (
    About,
    Beside,
    Blocks,
    Choice,
    Day,
    Folded,
    Number,
    Part,
    Remark,
    Rows,
    Several,
    Summary,
    rows_of,
)
from dashboard.page.registry import EVERY_LIST, page
from dashboard.page.visit import Visit
from data_access.i18n import N_, _


@page(
    N_("What if"),
    N_("What if?"),
    icon="alt_route",
    place=45,
    applies=EVERY_LIST,
    needs_refresh=True,
)
def what_if_page(visit: Visit) -> Blocks:
    """Three questions about what would be, each under a choice the reader makes."""
    money = what_if.money_of(visit)
    part = yield Part(what_if.part_names())
    yield from {"leaves": _leaves, "amount": _amount, "closes": _closes}[part](visit, money)
    yield Remark(what_if.what_can_mislead())
    yield About([money.coverage_words, money.rate_words])


def _leaves(visit: Visit, money: portfolio.Portfolio) -> Blocks:
    names = what_if.funder_names(visit)
    chosen, seat, day = yield Beside(
        (
            Several("leaving", _("Funders that leave"), names),
            Choice("seat", _("Or all of one seat country"), what_if.seat_names(visit)),
            Day("leaves_on", _("Leaving after the day"), visit.as_of.date().isoformat()),
        )
    )
    who = what_if.who_leaves(visit, chosen, seat)
    found = what_if.leaves(visit, money, who, day)
    yield Summary(what_if.leaves_sentence(found, names), what_if.leaves_figures(visit, found))
    if not who:
        yield dependence.who_funds(money)
        return
    yield what_if.before_and_after(visit, money, found)
    yield what_if.organisations(visit, found)
    if slug := (yield rows_of("leaves", _("Open the grants of an organisation"), what_if.row_names(found))):
        yield what_if.grants_of(found, slug)
    yield Folded(what_if.last_providers(visit, found))
    yield Folded(what_if.could_step_in(visit, found))


def _amount(visit: Visit, _money: portfolio.Portfolio) -> Blocks:
    amount, smallest, ceiling, tier = yield Beside(
        (
            Number("amount", _("Amount in {currency}").format(currency=visit.currency), step=10_000),
            Number("smallest", _("Smallest grant"), step=1_000),
            Number("ceiling", _("Largest grant"), step=1_000),
            Choice("tier", _("Need that counts"), funding.tier_names()),
        )
    )
    money, asked = what_if.money_of(visit, tier), dividing.asked(amount, smallest, ceiling)
    found = dividing.claims_of(money, is_cut=asked.is_cut)
    yield Summary(dividing.sentence(money, found, asked), [])
    if not asked.amount or found.empty:
        return
    awards = dividing.divided(found, asked)
    rules = dividing.rules_table(money, found, asked, awards)
    yield dividing.picture(rules, len(found))
    yield rules
    yield dividing.lines_table(found, asked, awards)


def _closes(visit: Visit, _money: portfolio.Portfolio) -> Blocks:
    names = closing.initiative_names(visit)
    slug = yield Rows("initiative", _("Initiative that closes"), names)
    if slug:
        yield Summary(closing.sentence(visit, slug, names), closing.figures(visit, slug))
        yield closing.who_else(visit, slug)
    else:
        yield Summary(_("Choose an initiative to see what only it does, and who else does the rest."), [])
    yield closing.may_end(visit)
