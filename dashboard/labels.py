"""Every column and term once: heading, kind, definition. Screen, export and the Definitions page all read this."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import pandas as pd

from dashboard import words
from dashboard.i18n import N_, _
from dashboard.visit import current

Kind = Literal[
    "text", "integer", "money", "percent", "decimal", "rate", "date", "month", "quarter", "country", "code", "word"
]


@dataclass(frozen=True)
class Column:
    """A column's heading and definition (marked for translation) and the kind of its values."""

    heading: str
    kind: Kind
    definition: str


@dataclass(frozen=True)
class Term:
    """A figure: its label and what it means, with the section of the method it follows."""

    label: str
    definition: str
    source: str


COLUMNS = {
    "place": Column(N_("Host country"), "country", N_("Where the team works. Legal seat and audience are recorded apart.")),
    "host_country": Column(N_("Host country"), "country", N_("Where the work takes place.")),
    "country_group": Column(N_("Country group"), "country", N_("A fixed group of host countries for protected figures.")),
    "initiatives": Column(N_("Initiatives"), "integer", N_("Initiatives active at the cut-off, counted in every country they work in.")),
    "confirmed": Column(N_("Confirmed in 12 months"), "integer", N_("Verified by a source within 365 days before the cut-off.")),
    "not_confirmed": Column(N_("Not confirmed recently"), "integer", N_("Active by the records, but not verified for more than 365 days.")),
    "only_here": Column(N_("Work only here"), "integer", N_("Initiatives with no other recorded host country.")),
    "organisations": Column(N_("Organisations"), "integer", N_("Distinct organisations; one in two countries counts once per row.")),
    "projects": Column(N_("Projects"), "integer", N_("Recorded projects, in the places of their initiative.")),
    "presences": Column(N_("Presences"), "integer", N_("Recorded places of work, several in one country possible.")),
    "shared": Column(N_("Initiatives, shared out"), "decimal", N_("An initiative in two countries counts a half in each.")),
    "state_linked": Column(N_("State-linked"), "integer", N_("Programmes of a state, recorded for comparison; in no total.")),
    "activities": Column(N_("Kinds of work"), "integer", N_("Distinct activities recorded.")),
    "languages": Column(N_("Languages"), "integer", N_("Distinct languages recorded.")),
    "last_confirmed": Column(N_("Last confirmed"), "date", N_("The newest day on which a source confirmed one of them.")),
    "low_rate": Column(N_("At least, per 1,000"), "rate", N_("Low limit of the count over the high population estimate.")),
    "high_rate": Column(N_("At most, per 1,000"), "rate", N_("High limit of the count over the low population estimate.")),
    "rank": Column(N_("Rank"), "text", N_("Largest first; equal counts share a rank, marked =.")),
    "lq": Column(N_("Times the average share"), "decimal", N_("How much more common the activity is here than on average; from five initiatives on.")),
    "recipients": Column(N_("Share of recipients"), "percent", N_("Smallest recipients first.")),
    "money": Column(N_("Share of money"), "percent", N_("What they hold together.")),
    "percent": Column(N_("Per cent"), "integer", N_("Whole per cents that add to 100.")),
    "initiative": Column(N_("Initiative"), "text", N_("Name as recorded.")),
    "works_in": Column(N_("Works in"), "text", N_("Countries the team works in, as far as you may see them.")),
    "does": Column(N_("Does"), "text", N_("Recorded activities.")),
    "serves": Column(N_("For"), "text", N_("Recorded audiences.")),
    "speaks": Column(N_("Working languages"), "text", N_("Recorded languages of its projects.")),
    "founded_on": Column(N_("Since"), "date", N_("Founding day as recorded.")),
    "confirmed_on": Column(N_("Last confirmed"), "date", N_("The last day on which a source confirmed it.")),
    "mark": Column(N_("Independence"), "word", N_("State-linked programmes are marked and enter no figure of the network.")),
    "project": Column(N_("Project"), "text", N_("Name as recorded.")),
    "starts_on": Column(N_("Starts"), "date", N_("First day as recorded.")),
    "ends_on": Column(N_("Ends"), "date", N_("Last day as recorded.")),
    "reference": Column(N_("Grant"), "text", N_("The grant's reference.")),
    "funder": Column(N_("Funder"), "text", N_("Who gives; empty when not named.")),
    "amount": Column(N_("Amount"), "decimal", N_("In the currency of the record.")),
    "paid": Column(N_("Paid"), "decimal", N_("Recorded payments, in the currency of the record.")),
    "currency": Column(N_("Currency"), "text", N_("ISO 4217 code of the record.")),
    "grant_status": Column(N_("Status"), "word", N_("Pledge, commitment or cancelled; payments are recorded apart.")),
    "signed_on": Column(N_("Signed"), "date", N_("Day of commitment.")),
    "period_start": Column(N_("From"), "date", N_("First day of the period the need is stated for.")),
    "period_end": Column(N_("To"), "date", N_("Last day of the period.")),
    "stated_on": Column(N_("Stated"), "date", N_("Day on which the need was stated.")),
    "partner": Column(N_("Partner"), "text", N_("Known to work together.")),
    "since": Column(N_("Since"), "date", N_("Day the partnership was recorded from.")),
    "quarter": Column(N_("Quarter"), "quarter", N_("Calendar quarter.")),
    "opened": Column(N_("Opened"), "integer", N_("Opened in the period.")),
    "reopened": Column(N_("Reopened"), "integer", N_("A reopened case is a new episode of the same case.")),
    "incoming": Column(N_("Opened or reopened"), "integer", N_("New plus reopened episodes.")),
    "closed": Column(N_("Closed"), "integer", N_("Ended in the period, whatever the outcome.")),
    "active": Column(N_("Active at the end"), "integer", N_("Opened and not closed by the end of the period.")),
    "activity": Column(N_("Activity"), "code", N_("Kind of work, from the network's list.")),
    "month": Column(N_("Month"), "month", N_("Calendar month.")),
    "signed": Column(N_("Signed money"), "money", N_("Committed or paid, spread by day over the grant's period; pledges never inside.")),
    "signed_on_need": Column(N_("Signed where need is stated"), "money", N_("Signed money on lines that state a need for the month; compared with that need.")),
    "pledged": Column(N_("Pledged"), "money", N_("Announced but not signed; shown beside, never counted as funding.")),
    "need": Column(N_("Stated need"), "money", N_("As stated by the initiative; unknown stays unknown.")),
    "funded": Column(N_("Signed for the period"), "money", N_("Signed money falling into the period, re-grants counted once.")),
    "gap": Column(N_("Gap"), "money", N_("Need not met on this line; a surplus elsewhere does not reduce it.")),
    "surplus": Column(N_("Surplus"), "money", N_("Signed beyond the stated need on this line.")),
    "coverage": Column(N_("Coverage"), "percent", N_("Signed money as a share of stated need.")),
    "line": Column(N_("Line"), "text", N_("A project, or an initiative's core work.")),
    "organisation": Column(N_("Organisation"), "text", N_("Lead organisation.")),
    "year": Column(N_("Year"), "word", N_("Calendar year.")),
    "grantees": Column(N_("Grantees"), "integer", N_("Distinct organisations that signed a grant in the year.")),
    "newcomers": Column(N_("First-time grantees"), "integer", N_("No earlier grant is recorded; the first recorded year cannot be judged.")),
    "returning": Column(N_("Returning grantees"), "integer", N_("Had a recorded grant in an earlier year.")),
    "total": Column(N_("Signed in all"), "money", N_("All signed grants on record.")),
    "funders": Column(N_("Funders"), "integer", N_("Named funders with a signed grant.")),
    "largest_funder": Column(N_("Largest funder"), "text", N_("The funder with the largest signed sum.")),
    "low": Column(N_("Share at least"), "percent", N_("Share of the largest funder if unnamed money came from others.")),
    "high": Column(N_("Share at most"), "percent", N_("Share of the largest funder if unnamed money came from it.")),
    "restriction": Column(N_("Restriction"), "word", N_("Whether the money is tied to a purpose, as recorded.")),
    "first_paid_on": Column(N_("First payment"), "date", N_("Day of the first recorded payment; empty when none is recorded.")),
    "kind": Column(N_("Kind"), "word", N_("Where the income comes from.")),
    "last_day": Column(N_("Money ends"), "date", N_("Last day of any signed grant.")),
    "days_left": Column(N_("Days left"), "integer", N_("Days from the cut-off to the last day of signed money.")),
    "total_here": Column(N_("Signed here"), "money", N_("Signed money on record in the chosen countries and activities.")),
    "grantee": Column(N_("Grantee"), "word", N_("First-time if no earlier grant is recorded.")),
    "step": Column(N_("Step"), "word", N_("From new money to what intermediaries keep.")),
    "entry": Column(N_("Entry"), "word", N_("Signed money, money passed on to others, or a stated need.")),
    "part": Column(N_("In these months"), "money", N_("The part of the record that falls into the months and the place.")),
    "original": Column(N_("Amount on record"), "decimal", N_("The whole grant, in the currency of the record.")),
    "committed_on": Column(N_("Signed on"), "date", N_("Day of commitment.")),
    "low_money": Column(N_("At least, per 1,000"), "decimal", N_("Signed money over the high population estimate.")),
    "high_money": Column(N_("At most, per 1,000"), "decimal", N_("Signed money over the low population estimate.")),
    "crowdfunding": Column(N_("Crowdfunding"), "money", N_("Small gifts of many people.")),
    "diaspora": Column(N_("Diaspora giving"), "money", N_("Gifts of the diaspora.")),
    "earned": Column(N_("Earned income"), "money", N_("Fees, sales and services.")),
    "reason": Column(N_("Reason"), "word", N_("Why a record is left out of a figure.")),
    "grants": Column(N_("Grants"), "integer", N_("Grant records.")),
    "name_a": Column(N_("Project A"), "text", N_("First project of the pair.")),
    "organisation_a": Column(N_("Lead of A"), "text", N_("Lead organisation of project A.")),
    "name_b": Column(N_("Project B"), "text", N_("Second project of the pair.")),
    "organisation_b": Column(N_("Lead of B"), "text", N_("Lead organisation of project B.")),
    "pair_score": Column(N_("Similarity"), "percent", N_("Shared activities, countries, audiences and languages, rare ones weighing more.")),
    "pair_low": Column(N_("At least"), "percent", N_("Similarity if every missing fact differed.")),
    "pair_high": Column(N_("At most"), "percent", N_("Similarity if every missing fact agreed.")),
    "days_together": Column(N_("Days both ran"), "integer", N_("Inclusive days on which both projects ran.")),
    "status": Column(N_("What it says"), "word", N_("The machine's question or people's answer; never a verdict by itself.")),
    "missing": Column(N_("Facts to fill in"), "text", N_("Missing facts that keep the pair from being judged.")),
    "change": Column(N_("Change"), "word", N_("What came, went or was answered.")),
    "number": Column(N_("How many"), "integer", N_("Records.")),
    "sum": Column(N_("Money"), "money", N_("Signed money that goes with them.")),
    "group": Column(N_("Group"), "integer", N_("Projects that resemble each other share a number; it only orders the list.")),
    "fact": Column(N_("Missing fact"), "word", N_("What would have to be filled in.")),
    "undecided": Column(N_("Pairs it keeps open"), "integer", N_("Pairs that cannot be judged without it.")),
    "first_funder": Column(N_("Funder"), "text", N_("One of the two funders.")),
    "second_funder": Column(N_("and funder"), "text", N_("The other of the two funders.")),
    "shared_grantees": Column(N_("Organisations both fund"), "integer", N_("Distinct organisations with a signed grant of each.")),
    "share_of_smaller": Column(N_("Share of the smaller"), "percent", N_("Organisations both fund, as a share of the smaller funder's.")),
    "from_first": Column(N_("From the first"), "money", N_("Signed by the first funder.")),
    "from_second": Column(N_("From the second"), "money", N_("Signed by the second funder.")),
    "arrived": Column(N_("Arrived so far"), "integer", N_("Episodes opened or reopened since the records begin.")),
    "left": Column(N_("Left so far"), "integer", N_("Episodes closed since the records begin, all outcomes.")),
    "still_waiting": Column(N_("Still waiting"), "integer", N_("Open at the end of the month.")),
    "open_at_end": Column(N_("Open at the end"), "integer", N_("Open at the end of the month.")),
    "t": Column(N_("Days since opening"), "integer", N_("Days from opening the case.")),
    "at_risk": Column(N_("Cases followed"), "integer", N_("Cases still followed on that day.")),
    "still_open": Column(N_("Still open"), "percent", N_("Share not closed by that day.")),
    "relocated": Column(N_("Relocated"), "percent", N_("Share relocated by that day (competing outcomes, open cases included).")),
    "refused": Column(N_("Refused"), "percent", N_("Share refused by that day.")),
    "withdrawn": Column(N_("Withdrawn"), "percent", N_("Share withdrawn by that day.")),
    "lost_contact": Column(N_("Lost contact"), "percent", N_("Share with lost contact by that day.")),
    "other_route": Column(N_("Other route"), "percent", N_("Share that took another route by that day.")),
    "unknown": Column(N_("Ending not recorded"), "percent", N_("Share closed without a recorded outcome by that day.")),
    "stage": Column(N_("Stage"), "word", N_("The stage the case is in now.")),
    "bucket": Column(N_("Days open"), "word", N_("Days since opening, at the cut-off.")),
    "episodes": Column(N_("Open cases"), "integer", N_("Open episodes.")),
    "period": Column(N_("Quarter"), "word", N_("Published calendar quarter.")),
    "measure": Column(N_("Figure"), "word", N_("What is counted, in people.")),
    "route_group": Column(N_("Route group"), "word", N_("A fixed group of legal routes for protected figures.")),
    "people": Column(N_("People"), "word", N_("Rounded at random to 5; below 10, including none, shown as <10.")),
    "language": Column(N_("Language"), "code", N_("Language of the work.")),
    "signal": Column(N_("What it says"), "word", N_("Need coverage and crowding of the cell together.")),
}  # fmt: skip

TERMS = {
    "active_initiatives": Term(N_("Active initiatives"), N_("Initiatives that had started and not closed at the cut-off; an unknown start counts now but not in history."), "D04"),
    "countries": Term(N_("Host countries"), N_("Countries in which at least one active initiative works."), "D"),
    "net_openings": Term(N_("Opened minus closed"), N_("Initiatives founded less initiatives closed in the last 12 months."), "D04"),
    "placed": Term(N_("Placed in a country"), N_("Share of active initiatives with a host country you may see; withheld and not stated are counted apart."), "D06"),
    "confirmed_share": Term(N_("Confirmed"), N_("Share of active initiatives verified by a source within 365 days."), "D04"),
    "need_covered": Term(N_("Need covered"), N_("Signed money for the year as a share of stated need, capped per line: a surplus on one line cannot serve another."), "B01"),
    "top_share": Term(N_("Top five receive"), N_("Share of signed money on record that the five largest recipients hold, and how many equal recipients would be as concentrated."), "B10–B12"),
    "grant_size": Term(N_("Median grant"), N_("Half of the signed grants are this large or smaller (nearest rank)."), "B15"),
    "unrestricted": Term(N_("Unrestricted money"), N_("Share of labelled money that is unrestricted; bounds say what the unlabelled could change."), "B16"),
    "payment_wait": Term(N_("Half are paid within"), N_("Days from signature to first payment by which half of the grants are paid, unpaid ones included (Kaplan–Meier)."), "B17"),
    "projects": Term(N_("Projects"), N_("Recorded projects led by the initiative, and how many run at the cut-off."), "D02"),
    "signed_total": Term(N_("Signed in all"), N_("All signed grants on record that could be converted; pledges not counted."), "B03"),
    "similar_projects": Term(N_("Similar projects"), N_("Pairs to check in which one of its projects is involved."), "C.2"),
    "facts_known": Term(N_("Facts known"), N_("Of the facts a profile asks for, how many are recorded."), "X08"),
    "gap": Term(N_("Gap"), N_("Sum of the gaps of all lines with a stated need. Surplus elsewhere is shown beside it, never subtracted."), "B01"),
    "monthly_signed": Term(N_("Signed per month"), N_("Committed and paid money spread by day over each grant's period. Pledges are not counted; re-granted money counts once."), "B06, B07"),
    "dependent": Term(N_("Lean on one funder"), N_("Organisations with more than half of their signed money from one funder, where unnamed money cannot change the answer."), "B13"),
    "newcomers": Term(N_("First-time grantees"), N_("Organisations with no earlier recorded grant among those that signed one this year. The first recorded year cannot be judged."), "B14"),
    "pairs_to_check": Term(N_("Pairs to check"), N_("Pairs that look alike, run together for 30 days or more, and are not known to coordinate. A question for people, not a verdict."), "C.2"),
    "coordinated": Term(N_("Already coordinated"), N_("Similar pairs that are known partners or that people marked as coordinating."), "C.2"),
    "cannot_tell": Term(N_("Cannot tell yet"), N_("Pairs that may be alike, but a missing fact keeps them from being judged."), "C.2"),
    "one_provider": Term(N_("One provider"), N_("Host country and activity combinations in which one organisation is recorded. None recorded is an absence of records, not of work."), "C07"),
    "agreement": Term(N_("People agreed"), N_("Of the pairs suggested for checking that got a clear answer, how many were worth a conversation."), "C.4"),
    "open_cases": Term(N_("Open cases"), N_("Episodes opened and not closed at the cut-off."), "A10"),
    "resolved_rate": Term(N_("Resolved rate"), N_("Closed per 100 new and reopened cases over three full months. Placing a case on hold does not count."), "A01–A05"),
    "half_end_within": Term(N_("Half end within"), N_("Days by which half of all cases have ended, those still waiting included (Kaplan–Meier)."), "A16"),
    "on_time": Term(N_("On time"), N_("Of cases opened at least 120 days ago, the share closed within 120 days."), "A13"),
    "open_long": Term(N_("Open over 120 days"), N_("Open cases older than the standard of 120 days."), "A12"),
    "published_opened": Term(N_("People who asked"), N_("People in cases opened in the newest published quarter, rounded at random to 5."), "SECURITY 1.3"),
    "published_relocated": Term(N_("People relocated"), N_("People in cases that ended with relocation in the newest published quarter, rounded at random to 5."), "SECURITY 1.3"),
    "published_closed": Term(N_("People whose case ended"), N_("People in cases that ended in the quarter, whatever the outcome, rounded at random to 5."), "SECURITY 1.3"),
    "published_band": Term(N_("Half ended within"), N_("The band in which the middle of the ended cases lies; shown from 30 people on."), "SECURITY 1.3"),
}  # fmt: skip

VALUES = {
    "none_recorded": N_("none recorded"),
    "one_provider": N_("one provider"),
    "several": N_("several providers"),
    "crowded": N_("crowded (5 or more)"),
    "under_funded": N_("under-funded"),
    "both": N_("under-funded and crowded"),
    "covered": N_("covered"),
    "need_unknown": N_("need unknown"),
    "possible_duplication": N_("possible duplication – please check"),
    "coordinated": N_("coordinated"),
    "cannot_tell": N_("cannot tell yet"),
    "one_after_the_other": N_("one after the other"),
    "related": N_("related"),
    "dismissed": N_("dismissed by a person"),
    "confirmed": N_("confirmed: will talk"),
    "disputed": N_("disputed: people answered differently"),
    "initiatives_recorded": N_("initiatives newly recorded"),
    "initiatives_closed": N_("initiatives that closed"),
    "signed_new": N_("grants newly recorded as signed"),
    "lapsed": N_("signed grants that ended"),
    "pairs_new": N_("pairs newly flagged for checking"),
    "pairs_answered": N_("pairs people answered"),
    "cases_opened": N_("cases opened or reopened"),
    "cases_closed": N_("cases closed"),
    "not_a_duplicate": N_("not a duplicate"),
    "already_coordinating": N_("already coordinating"),
    "not_sure": N_("not sure"),
    "other_people": N_("they serve other people"),
    "other_place": N_("they work in other places"),
    "other_work": N_("the work is different"),
    "other_time": N_("they run at other times"),
    "agreed_division": N_("they divided the work between them"),
    "wrong_facts": N_("the facts recorded here are wrong"),
    "own_grantees": N_("its own"),
    "none_shared": N_("none shared"),
    "one_shared": N_("one shared"),
    "few_shared": N_("two or three shared"),
    "many_shared": N_("four or more shared"),
    "restricted": N_("restricted"),
    "unrestricted": N_("unrestricted"),
    "first_time": N_("first-time"),
    "returning": N_("returning"),
    "unjudged": N_("cannot be judged"),
    "no_country": N_("no country"),
    "partly_covered": N_("half to nearly covered"),
    "new_money": N_("new money"),
    "regranted": N_("passed on inside"),
    "outgoing": N_("passed on outside"),
    "kept": N_("stays with first recipients"),
    "signed": N_("signed"),
    "passed_on": N_("passed on"),
    "need": N_("stated need"),
    "crowdfunding": N_("crowdfunding"),
    "diaspora": N_("diaspora giving"),
    "earned": N_("earned income"),
    "no_amount": N_("no amount"),
    "no_rate": N_("no exchange rate within 7 days"),
    "no_dates": N_("no start or end date"),
    "inverted_dates": N_("ends before it starts"),
    "closed_before_opened": N_("closed before it opened"),
    "no_opening_date": N_("no opening date"),
    "opened_in_future": N_("opened after the cut-off"),
    "no_closing_date": N_("closed without a date"),
    "request": N_("request"),
    "verified": N_("verified"),
    "file_complete": N_("file complete"),
    "host_found": N_("host found"),
    "authority_applied": N_("authority applied"),
    "approved_not_issued": N_("approved, not issued"),
    "issued": N_("issued"),
    "travelled": N_("travelled"),
    "legal_stay": N_("legal stay"),
    "unknown": N_("unknown"),
    "independent": N_("independent"),
    "state_linked": N_("state-linked"),
    "pledge": N_("pledge"),
    "commitment": N_("signed"),
    "cancelled": N_("cancelled"),
    "planned": N_("planned"),
    "running": N_("running"),
    "ended": N_("ended"),
    "registered": N_("registered"),
    "team": N_("team"),
    "activity": N_("activity"),
    "host_country": N_("country"),
    "audience": N_("audience"),
    "language": N_("language"),
    "dates": N_("dates"),
    "opened": N_("asked for help"),
    "closed": N_("case ended"),
    "relocated": N_("relocated"),
    "band_1": N_("ended within 1 month"),
    "band_2": N_("ended in month 2"),
    "band_3": N_("ended in month 3"),
    "band_4": N_("ended in month 4"),
    "band_6": N_("ended in months 5–6"),
    "band_9": N_("ended in months 7–9"),
    "band_12": N_("ended in months 10–12"),
    "band_over_12": N_("ended after 12 months"),
    "all": N_("all"),
    "humanitarian_visa": N_("humanitarian visa"),
    "protection": N_("asylum or tolerated stay"),
    "residence": N_("work or other residence"),
    "visa_free": N_("visa-free stay"),
    "other": N_("other"),
    "not_stated": N_("not stated"),
}


def word(value: str) -> str:
    """A stored value in the reader's words."""
    return _(VALUES[value]) if value in VALUES else value


def code(facet: str, value: str) -> str:
    """A code's label from the database's own list; country codes become names."""
    if facet == "host_country":
        return words.country(value)
    return current().codes.get((facet, value)) or word(value)


def heading(column: str) -> str:
    """A column's heading with its unit."""
    known = COLUMNS[column]
    return f"{_(known.heading)} ({current().currency})" if known.kind == "money" else _(known.heading)


def presented(rows: pd.DataFrame) -> pd.DataFrame:
    """`rows` as a reader sees them, on screen and in every export: headings for names, words for codes.

    Money becomes major units with the currency in the heading, shares stay fractions; types stay numbers and dates.
    Columns that `COLUMNS` does not know are refused with KeyError: nothing undeclared leaves the house.
    """
    shown = {heading(column): _shown(rows[column], column) for column in rows.columns}
    return pd.DataFrame(shown, index=rows.index).reset_index(drop=True)


SHOWN = {
    "money": lambda values, _column: values.astype("Float64") / 100,
    "percent": lambda values, _column: values.astype("Float64").round(2),
    "country": lambda values, _column: values.map(words.country).astype("str"),
    "code": lambda values, column: values.map(lambda value: code(column, value)).astype("str"),
    "word": lambda values, _column: values.astype("str").map(word).astype("str"),
    "quarter": lambda values, _column: pd.to_datetime(values).map(words.quarter).astype("str"),
    "month": lambda values, _column: pd.to_datetime(values).dt.date,
    "date": lambda values, _column: pd.to_datetime(values).dt.date,
    "rate": lambda values, _column: values.astype("Float64").round(3),
    "decimal": lambda values, _column: values.astype("Float64").round(2),
}


def _shown(values: pd.Series, column: str) -> pd.Series:
    change = SHOWN.get(COLUMNS[column].kind)
    return change(values, column) if change else values
