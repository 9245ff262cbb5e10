"""Every figure's term once: its label, what it means and the rule it follows; and the rules."""

from __future__ import annotations

from dataclasses import dataclass

from data_access.i18n import N_


@dataclass(frozen=True)
class Term:
    """A figure: its label and what it means, with the mark of the rule in `RULES` that it follows."""

    label: str
    definition: str
    source: str


def term(key: str) -> Term:
    """The term of a figure. Raises KeyError for a figure that is declared nowhere."""
    try:
        return TERMS[key]
    except KeyError:
        raise KeyError(f"The figure {key!r} has no term: add it to TERMS of dashboard/words/terms.py.") from None


TERMS = {
    "network_lost_low": Term(N_("Falls at least"), N_("What of the leaving funders' own grants, for days after the chosen one, no payment on record covers."), "F.2"),
    "network_lost_high": Term(N_("Falls at most"), N_("Everything signed for later days by the leaving funders, or taken from it, once."), "F.2"),
    "touched": Term(N_("Organisations touched"), N_("Organisations that would lose money signed for later days."), "F.2"),
    "more_than_half": Term(N_("Lose more than half"), N_("Organisations that would lose more than half of their money ahead, at most."), "F.2"),
    "all": Term(N_("Lose everything"), N_("Organisations that would lose all of their money ahead, at most."), "F.2"),
    "newly_uncovered": Term(N_("Minimum newly uncovered"), N_("Stated minimum need of the 12 months after the day that signed money would no longer meet, of organisations that lose any, at most."), "F.2"),
    "robustness_mean": Term(N_("Robustness"), N_("Area under the share of organisations that still hold half of their money ahead, as named funders leave one after the other: the mean over all orders."), "F.2"),
    "robustness_largest": Term(N_("Robustness, largest first"), N_("The same with funders leaving in the order of what they hold, the largest first."), "F.2"),
    "money_follows_money": Term(N_("Money follows money"), N_("Earlier distinct funders of organisations that a named funder chose for the first time, over the mean of all it could have chosen that day: open, not funded by it before, and of the same activity or country where there are ten. 1: no pull."), "F.5"),
    "thin_relations": Term(N_("Thin relations"), N_("Of all pairs of a named funder and a recipient, the smallest ones that together carry at most 5 % of the money."), "F.5"),
    "live_grants": Term(N_("Live grants each"), N_("Grants running at the cut-off per organisation that has one; each is taken to owe one report a year."), "F.5"),
    "first_grant_wait": Term(N_("First grant after"), N_("Months from founding by which half of the initiatives have signed their first grant, those without one still waiting."), "F.5"),
    "may_end": Term(N_("Combinations that may end"), N_("Combinations of host country and activity whose every recorded provider has signed money that ends within 180 days."), "F.4"),
    "combinations": Term(N_("Its combinations"), N_("Host countries and activities in which it has a project that has not ended."), "F.4"),
    "only_it": Term(N_("Only it"), N_("Combinations in which nobody else is recorded."), "F.4"),
    "contribution": Term(N_("Its share"), N_("Sum over its combinations of one over the number of recorded providers. Not for comparing initiatives."), "F.4"),
    "active_initiatives": Term(N_("Active initiatives"), N_("Initiatives that had started and not closed at the cut-off; an unknown start counts now but not in history."), "D04"),
    "teams_abroad": Term(N_("Teams in several countries"), N_("Of initiatives with a known working country, the share that works in more than one."), "D"),
    "partners_abroad": Term(N_("Partners across borders"), N_("Share of active initiatives with a recorded partnership in which the two have no working country in common."), "D"),
    "local_partners": Term(N_("Partners in host countries"), N_("Share of active initiatives with a recorded partner that is an organisation of a host country and no initiative of the network."), "D"),
    "without_partner": Term(N_("No partner recorded"), N_("Active initiatives of which no partnership is recorded that you may see: an absence of records, not of partners."), "D"),
    "multi_year": Term(N_("For more than a year"), N_("Share of signed money, of grants with both days, that lasts more than a year."), "B06"),
    "grant_months": Term(N_("Length of a grant"), N_("Months of the grant in the middle by length, of grants with both days."), "B06"),
    "volunteers": Term(N_("Volunteers"), N_("People who work without pay, as initiatives state it; of others nobody says."), "X08"),
    "paid_staff": Term(N_("Paid people"), N_("People who are paid, as initiatives state it; of others nobody says."), "X08"),
    "countries": Term(N_("Host countries"), N_("Countries in which at least one active initiative works."), "D"),
    "net_openings": Term(N_("Opened minus closed"), N_("Initiatives founded less initiatives closed in the last 12 months."), "D04"),
    "placed": Term(N_("Placed in a country"), N_("Share of active initiatives with a host country you may see; withheld and not stated are counted apart."), "D06"),
    "confirmed_share": Term(N_("Confirmed"), N_("Share of active initiatives verified by a source within 365 days."), "D04"),
    "need_covered": Term(N_("Need covered"), N_("Signed money for the year as a share of stated need, capped per line: a surplus on one line cannot serve another."), "B01"),
    "top_share": Term(N_("Held by the top five"), N_("Share of signed money on record that the five largest recipients hold, and how many equal recipients would be as concentrated."), "B10"),
    "grant_size": Term(N_("Median grant"), N_("Half of the signed grants are this large or smaller (nearest rank)."), "B15"),
    "unrestricted": Term(N_("Unrestricted money"), N_("Share of labelled money that is unrestricted; bounds say what the unlabelled could change."), "B16"),
    "paid_total": Term(N_("Paid so far"), N_("Payments on record of signed grants, at the rate of the grant. Grants without a payment on record are not counted as unpaid: nobody says."), "B03"),
    "payment_wait": Term(N_("Half are paid within"), N_("Days from signature to first payment by which half of the grants are paid, unpaid ones included (Kaplan–Meier)."), "B17"),
    "projects": Term(N_("Projects"), N_("Recorded projects led by the initiative, and how many run at the cut-off."), "D02"),
    "signed_total": Term(N_("Signed in all"), N_("All signed grants on record that could be converted; pledges not counted."), "B03"),
    "similar_projects": Term(N_("Similar projects"), N_("Pairs to check in which one of its projects is involved."), "C.2"),
    "facts_known": Term(N_("Facts known"), N_("Of the facts a profile asks for, how many are recorded."), "X08"),
    "gap": Term(N_("Gap"), N_("Sum of the gaps of all lines with a stated need. Surplus elsewhere is shown beside it, never subtracted."), "B01"),
    "monthly_signed": Term(N_("Signed per month"), N_("Committed and paid money spread by day over each grant's period. Pledges are not counted; re-granted money counts once."), "B06"),
    "dependent": Term(N_("Lean on one funder"), N_("Organisations with more than half of their signed money from one funder, where unnamed money cannot change the answer."), "B13"),
    "newcomers": Term(N_("First-time grantees"), N_("Organisations with no earlier recorded grant among those that signed one this year. The first recorded year cannot be judged."), "B14"),
    "pairs_to_check": Term(N_("Pairs to check"), N_("Pairs that look alike, run together for 30 days or more, and are not known to coordinate. A question for people, not a verdict."), "C.2"),
    "coordinated": Term(N_("Already coordinated"), N_("Similar pairs that are known partners or that people marked as coordinating."), "C.2"),
    "cannot_tell": Term(N_("Cannot tell yet"), N_("Pairs that may be alike, but a missing fact keeps them from being judged."), "C.2"),
    "one_provider": Term(N_("One provider"), N_("Host country and activity combinations in which one organisation is recorded. None recorded is an absence of records, not of work."), "C07"),
    "agreement": Term(N_("People agreed"), N_("Of the pairs suggested for checking that got a clear answer, how many were worth a conversation."), "C.4"),
    "open_cases": Term(N_("Open cases"), N_("Episodes opened and not closed at the cut-off."), "A10"),
    "resolved_rate": Term(N_("Resolved rate"), N_("Closed per 100 new and reopened cases over three full months. Placing a case on hold does not count."), "A01"),
    "half_end_within": Term(N_("Half end within"), N_("Days by which half of all cases have ended, those still waiting included (Kaplan–Meier)."), "A16"),
    "on_time": Term(N_("On time"), N_("Of cases opened at least 120 days ago, the share closed within 120 days."), "A13"),
    "open_long": Term(N_("Open over 120 days"), N_("Open cases older than the standard of 120 days."), "A12"),
    "open_very_long": Term(N_("Open over 180 days"), N_("Open cases older than 180 days at the cut-off."), "A12"),
    "soon_very_long": Term(N_("Over 180 days in a month"), N_("Open cases that will be older than 180 days in 30 days, if they end as past cases of their age did; at most, if none ends."), "A16"),
    "months_of_work": Term(N_("Work waiting"), N_("Months of arrivals, counted back from the newest full month, that make up the open cases."), "A07"),
    "pace": Term(N_("At this pace"), N_("Days needed to close everything open at the pace of the last three full months; nobody's waiting time."), "A05"),
    "not_in_time": Term(N_("Not expected in time"), N_("Of open cases whose legal stay still runs, how many will probably not be issued before it ends, as past stays went that had lasted as long in the same stage."), "F.6"),
    "pace_needed": Term(N_("Visas a week needed"), N_("Visas to be issued a week so that no legal stay on record runs out first: the most that any number of whole weeks needs, rounded up."), "F.6"),
    "closings_needed": Term(N_("Closings a month needed"), N_("Closings a month that lead to the chosen number of open cases by the chosen day, at the arrivals of the last three full months."), "F.6"),
    "published_opened": Term(N_("People who asked"), N_("People in cases opened in the newest published period, rounded at random to 5."), "P"),
    "published_relocated": Term(N_("People relocated"), N_("People in cases that ended with relocation in the newest published period, rounded at random to 5."), "P"),
    "published_closed": Term(N_("Case ended (people)"), N_("People in cases that ended in the quarter, whatever the outcome, rounded at random to 5."), "P"),
    "published_share": Term(N_("Relocated of ended"), N_("People relocated as a share of people whose case ended in the period, both rounded; shown from 30 people on."), "P"),
    "published_band": Term(N_("Half ended within"), N_("The band in which the middle of the ended cases lies; shown from 30 people on."), "P"),
    "sources_fresh": Term(N_("Fresh sources"), N_("Sources loaded within the rhythm they declared."), "E"),
    "sources_overdue": Term(N_("Overdue sources"), N_("Sources whose newest load lies more than one and a half of their rhythms before the cut-off."), "E"),
    "failed_loads": Term(N_("Failed loads"), N_("Sources whose newest load failed; what was loaded before is still shown."), "E"),
    "records_to_fix": Term(N_("Records to fix"), N_("Records that lack what a figure needs; one record may be counted for several reasons."), "E"),
}  # fmt: skip
RULES = {
    "A01": N_("Counting cases: open at the end equals open at the beginning, plus what came, minus what left. A reopened case is a new episode; placing on hold closes nothing; without arrivals there is no rate."),
    "A05": N_("Pace: days of a window times open cases over closed ones; without closed ones unknown, never endless."),
    "A07": N_("Work waiting: months of arrivals are counted back until they equal the open cases; unknown where the history is too short."),
    "A10": N_("Open: opened on or before the day and not closed on or before it; opened and closed on one day is never open."),
    "A12": N_("Age: days from opening of the present episode to the cut-off; days in the future are listed to fix."),
    "A13": N_("On time: of cases opened at least as many days ago as the standard, the share closed within it, so that slow open cases count."),
    "A16": N_("Waiting times include those still waiting (Kaplan–Meier); outcomes compete (Aalen–Johansen); fewer than half closed is said, not guessed."),
    "B01": N_("Gap: need less signed money, never below zero, line by line and then summed; need that is not stated is unknown and in no total."),
    "B03": N_("Signed money is committed or paid, each once; pledges stand beside it, cancelled grants are out."),
    "B06": N_("Money is spread by day over its grant’s period, cents by largest remainder; without both days it is in no month and listed. The cliff is the first month below 75 % of need."),
    "B10": N_("Concentration: what the largest five hold, and how many recipients of equal size would be as concentrated."),
    "B13": N_("Dependence: the share of the largest funder; money of payers nobody names makes it a range, and the verdict counts only where the range agrees."),
    "B14": N_("First-time grantees have no earlier grant on record; the first year on record cannot be judged."),
    "B15": N_("Sizes are nearest ranks of signed grants; an award of zero has none."),
    "B16": N_("Shares of labelled money, with bounds for what the unlabelled could change."),
    "B17": N_("Wait for payment: from signature to first payment, unpaid grants still waiting (Kaplan–Meier)."),
    "C.2": N_("Similarity of activity, host country, audience and language, rare values weighing more; a missing fact counts 0 in the low and 1 in the high score. At least 30 days together and one activity in common."),
    "C.4": N_("Answers of people hold until the facts they judged change."),
    "C07": N_("A combination is a host country and an activity; its providers are initiatives with a project there that has not ended."),
    "D": N_("An initiative works in every country in which it has an office or activities; it counts once in each, so countries add to more than the total."),
    "D02": N_("Organisations, initiatives, projects and places are different counts; the unit is named wherever one is shown."),
    "D04": N_("Active: founded on or before the day and not closed by it. An unknown beginning counts now, not in history; unconfirmed for 365 days is marked."),
    "D06": N_("Places that may not be shown are counted and named as withheld, not stated ones as not stated."),
    "E": N_("A source is fresh within the rhythm it declared and overdue after one and a half of it; records that lack something are counted once and listed."),
    "F.2": N_("A grant falls when its named payer leaves or the grant it is taken from falls; each unit of money falls once. At least: what no payment covers; at most: all that is signed for later days."),
    "F.4": N_("Who carries on: the other recorded providers of each combination and the last day of their signed money; a share is one over their number."),
    "F.5": N_("Against whom a funder could have chosen on the day of each first grant; bridging is lowest stated need less signed money up to a day."),
    "F.6": N_("Past stays in the same stage tell how many are still there when the legal stay ends; shown from 10 open cases and 30 past stays on, never for one person."),
    "P": N_("Published figures count people, not cases, are rounded at random to 5, hidden below 10, and drawn once."),
    "X08": N_("Facts known: of the facts that are asked for, the share that is recorded; unknown is not no."),
}  # fmt: skip
