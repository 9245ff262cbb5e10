"""Every column once: heading, kind, definition. Screen, export and the Definitions page all read this."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import pandas as pd

from dashboard.words import codes, written
from dashboard.words.spoken import spoken
from data_access.i18n import N_, _

Kind = Literal[
    "text", "integer", "money", "percent", "decimal", "rate", "exchange", "date", "month", "quarter", "country", "code", "word",
]  # fmt: skip


Borne = Literal["initiative", "project", "funder"]
"""Who bears a name."""


@dataclass(frozen=True)
class Column:
    """A column's heading and definition (marked for translation), the kind of its values, and who bears them if they are
    names that lead to a page."""

    heading: str
    kind: Kind
    definition: str
    names: Borne | None = None


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
    "initiative": Column(N_("Initiative"), "text", N_("Name as recorded."), names="initiative"),
    "works_in": Column(N_("Works in"), "text", N_("Countries the team works in, as far as you may see them.")),
    "does": Column(N_("Does"), "text", N_("Recorded activities.")),
    "money_in": Column(N_("Its money is for"), "text", N_("Countries in which its signed money works, as far as this is stated and you may see them.")),
    "money_for": Column(N_("Its money does"), "text", N_("Activities of the projects that its signed money is tagged to.")),
    "serves": Column(N_("For"), "text", N_("Recorded audiences.")),
    "speaks": Column(N_("Working languages"), "text", N_("Recorded languages of its projects.")),
    "founded_on": Column(N_("Since"), "date", N_("Founding day as recorded.")),
    "closed_on": Column(N_("Closed on"), "date", N_("Day it closed as recorded; empty while it works.")),
    "confirmed_on": Column(N_("Last confirmed"), "date", N_("The last day on which a source confirmed it.")),
    "mark": Column(N_("Independence"), "word", N_("State-linked programmes are marked and enter no figure of the network.")),
    "project": Column(N_("Project"), "text", N_("Name as recorded."), names="project"),
    "starts_on": Column(N_("Starts"), "date", N_("First day as recorded.")),
    "ends_on": Column(N_("Ends"), "date", N_("Last day as recorded.")),
    "reference": Column(N_("Grant"), "text", N_("The grant's reference.")),
    "funder": Column(N_("Funder"), "text", N_("Who gives; empty when not named."), names="funder"),
    "amount": Column(N_("Amount"), "decimal", N_("In the currency of the record.")),
    "paid": Column(N_("Paid"), "decimal", N_("Recorded payments, in the currency of the record.")),
    "currency": Column(N_("Currency"), "text", N_("ISO 4217 code of the record.")),
    "grant_status": Column(N_("Status"), "word", N_("Pledge, commitment or cancelled; payments are recorded apart.")),
    "signed_on": Column(N_("Signed"), "date", N_("Day of commitment.")),
    "period_start": Column(N_("From"), "date", N_("First day of the period the need is stated for.")),
    "period_end": Column(N_("To"), "date", N_("Last day of the period.")),
    "stated_on": Column(N_("Stated"), "date", N_("Day on which the need was stated.")),
    "partner": Column(N_("Partner"), "text", N_("Known to work together."), names="initiative"),
    "person": Column(N_("Person"), "text", N_("By a reference that says nothing about her.")),
    "person_role": Column(N_("Role"), "word", N_("What she may read.")),
    "scope": Column(N_("Host countries"), "text", N_("Of a coordinator.")),
    "spoken": Column(N_("Language"), "text", N_("Noted for her; empty for her browser's.")),
    "seen_at": Column(N_("Seen at"), "text", N_("Hour of universal time of her last click, if she is signed in now.")),
    "changed_on": Column(N_("On"), "date", N_("Day of the change.")),
    "changed_by": Column(N_("Changed by"), "text", N_("Which steward, or the command line.")),
    "person_change": Column(N_("Change"), "word", N_("What was done.")),
    "contested": Column(N_("What"), "word", N_("Which kind of record somebody contests.")),
    "contest_kind": Column(N_("Said to be"), "word", N_("What a reader says is wrong with it.")),
    "same_as": Column(N_("May be the same as"), "text", N_("Another organisation with a name alike."), names="initiative"),
    "names_alike": Column(N_("Names alike"), "percent", N_("How alike the names are, without words for a legal form.")),
    "merge_decision": Column(N_("Decided"), "word", N_("What a steward said they are.")),
    "source_reference": Column(N_("Left out"), "text", N_("The reference that its source gives it.")),
    "kept_reference": Column(N_("States the same"), "text", N_("The reference of the record that counts.")),
    "kept_source": Column(N_("Of the source"), "text", N_("Who sent the record that counts.")),
    "same_money_decision": Column(N_("Decided"), "word", N_("What somebody said they are.")),
    "recorded_fact": Column(N_("Fact"), "text", N_("What is recorded of an organisation.")),
    "first": Column(N_("The first"), "text", N_("As it is recorded of the first one.")),
    "second": Column(N_("The second"), "text", N_("As it is recorded of the second one.")),
    "after_merge": Column(N_("Afterwards"), "text", N_("As it would be recorded of the one that is kept.")),
    "said_on": Column(N_("Said on"), "date", N_("Day on which it was said.")),
    "key_name": Column(N_("What for"), "text", N_("As its maker called it.")),
    "made_on": Column(N_("Made"), "date", N_("Day on which the key was made.")),
    "good_until": Column(N_("Good until"), "date", N_("The last day on which it opens anything.")),
    "key_state": Column(N_("State"), "word", N_("Whether the key still opens anything.")),
    "table_title": Column(N_("Table"), "text", N_("As it is titled on its page.")),
    "address": Column(N_("Address"), "text", N_("What a spreadsheet or a script reads, with a key.")),
    "release": Column(N_("Release"), "text", N_("The published period with which the figure came out; it never changes again.")),
    "note": Column(N_("Note"), "text", N_("How published figures are protected.")),
    "period_state": Column(N_("State"), "word", N_("Whether the period is published, withheld for good, can be published, or is still open.")),
    "opens_on": Column(N_("Can be published from"), "date", N_("The 31st day after the end of the period.")),
    "cells": Column(N_("Cells"), "integer", N_("Figures published for the period, hidden ones included.")),
    "cells_hidden": Column(N_("Of them hidden"), "integer", N_("Below 10, zero included.")),
    "wish": Column(N_("Asked for"), "word", N_("What a steward asked for; another steward approves it.")),
    "would_show": Column(N_("Would show"), "text", N_("The two values of which one is drawn at random, or that the figure is hidden.")),
    "partner_kind": Column(N_("Kind of partner"), "word", N_("What the partner is, as recorded.")),
    "since": Column(N_("Since"), "date", N_("Day the partnership was recorded from.")),
    "quarter": Column(N_("Quarter"), "quarter", N_("Calendar quarter.")),
    "opened": Column(N_("Opened"), "integer", N_("Opened in the period.")),
    "reopened": Column(N_("Reopened"), "integer", N_("A reopened case is a new episode of the same case.")),
    "incoming": Column(N_("Opened or reopened"), "integer", N_("New plus reopened episodes.")),
    "closed": Column(N_("Closed"), "integer", N_("Ended in the period, whatever the outcome.")),
    "active": Column(N_("Active at the end"), "integer", N_("Opened and not closed by the end of the period.")),
    "audience": Column(N_("Audience"), "code", N_("Whom a project serves, from the network's list.")),
    "activity": Column(N_("Activity"), "code", N_("Kind of work, from the network's list.")),
    "month": Column(N_("Month"), "month", N_("Calendar month.")),
    "signed": Column(N_("Signed money"), "money", N_("Committed or paid, spread by day over the grant's period; pledges never inside.")),
    "signed_on_need": Column(N_("Signed where need is stated"), "money", N_("Signed money on lines that state a need for the month; compared with that need.")),
    "pledged": Column(N_("Pledged"), "money", N_("Announced but not signed; shown beside, never counted as funding.")),
    "need": Column(N_("Stated need"), "money", N_("As stated by the initiative; unknown stays unknown.")),
    "funded": Column(N_("Signed for the period"), "money", N_("Signed money falling into the period, re-grants counted once.")),
    "gap": Column(N_("Gap"), "money", N_("Need not met on this line; a surplus elsewhere does not reduce it.")),
    "tier": Column(N_("Tier of need"), "word", N_("Minimum, budget or ambition; they nest and are never added.")),
    "lines_stating": Column(N_("Lines stating it"), "integer", N_("Lines with a known amount of this tier.")),
    "in_figures": Column(N_("In the figures"), "word", N_("Whether it is counted in the figures of the page.")),
    "without_amount": Column(N_("Without an amount"), "integer", N_("How many of them have no amount in the currency shown; they are in no sum.")),
    "standing": Column(N_("Where it stands"), "word", N_("What the record is to the figures: counted, or left out and why.")),
    "surplus": Column(N_("Surplus"), "money", N_("Signed beyond the stated need on this line.")),
    "coverage": Column(N_("Coverage"), "percent", N_("Signed money as a share of stated need.")),
    "line": Column(N_("Line"), "text", N_("A project, or an initiative's core work."), names="project"),
    "organisation": Column(N_("Organisation"), "text", N_("Lead organisation."), names="initiative"),
    "year": Column(N_("Year"), "word", N_("Calendar year.")),
    "grantees": Column(N_("Grantees"), "integer", N_("Distinct organisations that signed a grant in the year.")),
    "newcomers": Column(N_("First-time grantees"), "integer", N_("No earlier grant is recorded; the first recorded year cannot be judged.")),
    "returning": Column(N_("Returning grantees"), "integer", N_("Had a recorded grant in an earlier year.")),
    "total": Column(N_("Signed in all"), "money", N_("All signed grants on record.")),
    "funders": Column(N_("Funders"), "integer", N_("Named funders with a signed grant.")),
    "largest_funder": Column(N_("Largest funder"), "text", N_("The funder with the largest signed sum."), names="funder"),
    "low": Column(N_("Share at least"), "percent", N_("Share of the largest funder if unnamed money came from others.")),
    "high": Column(N_("Share at most"), "percent", N_("Share of the largest funder if unnamed money came from it.")),
    "restriction": Column(N_("Restriction"), "word", N_("Whether the money is tied to a purpose, as recorded.")),
    "first_paid_on": Column(N_("First payment"), "date", N_("Day of the first recorded payment; empty when none is recorded.")),
    "kind": Column(N_("Kind"), "word", N_("Where the income comes from.")),
    "host_countries": Column(N_("Host countries"), "text", N_("Where its projects that have not ended work, as far as you may see.")),
    "only_provider_of": Column(N_("Only provider of"), "integer", N_("Combinations of host country and activity in which nobody else is recorded.")),
    "none_since": Column(N_("None since"), "date", N_("Day of its newest signed grant on record; empty: none at all.")),
    "need_ahead": Column(N_("Need to the day"), "money", N_("Lowest stated need of the days from the cut-off to the chosen one; empty: not stated.")),
    "signed_ahead": Column(N_("Signed to the day"), "money", N_("Signed money of those days, what it passes on taken away.")),
    "to_bridge": Column(N_("To bridge"), "money", N_("Need less signed money of those days; empty: need not stated.")),
    "cash_lasts": Column(N_("Cash lasts (months)"), "decimal", N_("Stated cash over stated cost per month; empty: not stated.")),
    "last_day": Column(N_("Money ends"), "date", N_("Last day of any signed grant.")),
    "days_left": Column(N_("Days left"), "integer", N_("Days from the cut-off to the last day of signed money.")),
    "total_here": Column(N_("Signed here"), "money", N_("Signed money on record in the chosen countries and activities.")),
    "grantee": Column(N_("Grantee"), "word", N_("First-time if no earlier grant is recorded.")),
    "step": Column(N_("Step"), "word", N_("From new money to what intermediaries keep.")),
    "entry": Column(N_("Entry"), "word", N_("Signed money, money passed on to others, or a stated need.")),
    "part": Column(N_("In these months"), "money", N_("The part of the record that falls into the months and the place.")),
    "original": Column(N_("Amount on record"), "decimal", N_("The whole grant, in the currency of the record.")),
    "exchange_rate": Column(N_("Rate"), "exchange", N_("Units of the record's currency for one of the reporting currency; empty where none was needed or there is none.")),
    "paid_converted": Column(N_("Paid"), "money", N_("Recorded payments in the grant's currency, at the grant's own rate; empty where none is on record.")),
    "rate_on": Column(N_("Rate of"), "date", N_("Day of the exchange rate; the older one where two are chained.")),
    "committed_on": Column(N_("Signed on"), "date", N_("Day of commitment.")),
    "low_money": Column(N_("At least, per 1,000"), "decimal", N_("Signed money over the high population estimate.")),
    "high_money": Column(N_("At most, per 1,000"), "decimal", N_("Signed money over the low population estimate.")),
    "crowdfunding": Column(N_("Crowdfunding"), "money", N_("Small gifts of many people.")),
    "diaspora": Column(N_("Diaspora giving"), "money", N_("Gifts of the diaspora.")),
    "earned": Column(N_("Earned income"), "money", N_("Fees, sales and services.")),
    "reason": Column(N_("Reason"), "word", N_("Why a record is left out of a figure.")),
    "grants": Column(N_("Grants"), "integer", N_("Grant records.")),
    "name_a": Column(N_("Project A"), "text", N_("First project of the pair."), names="project"),
    "organisation_a": Column(N_("Lead of A"), "text", N_("Lead organisation of project A."), names="initiative"),
    "name_b": Column(N_("Project B"), "text", N_("Second project of the pair."), names="project"),
    "organisation_b": Column(N_("Lead of B"), "text", N_("Lead organisation of project B."), names="initiative"),
    "pair_score": Column(N_("Similarity"), "percent", N_("Shared activities, countries, audiences and languages, rare ones weighing more.")),
    "pair_low": Column(N_("At least"), "percent", N_("Similarity if every missing fact differed.")),
    "pair_high": Column(N_("At most"), "percent", N_("Similarity if every missing fact agreed.")),
    "days_together": Column(N_("Days in common"), "integer", N_("Inclusive days on which both projects run, those to come included.")),
    "status": Column(N_("What it says"), "word", N_("The machine's question or people's answer; never a verdict by itself.")),
    "missing": Column(N_("Facts to fill in"), "text", N_("Missing facts that keep the pair from being judged.")),
    "change": Column(N_("Change"), "word", N_("What came, went or was answered.")),
    "number": Column(N_("How many"), "integer", N_("Records.")),
    "sum": Column(N_("Money"), "money", N_("Money on record that goes with them, as far as it is known.")),
    "group": Column(N_("Group"), "integer", N_("Projects that resemble each other share a number; it only orders the list.")),
    "fact": Column(N_("Missing fact"), "word", N_("What would have to be filled in.")),
    "undecided": Column(N_("Pairs it keeps open"), "integer", N_("Pairs that cannot be judged without it.")),
    "first_funder": Column(N_("Funder"), "text", N_("One of the two funders."), names="funder"),
    "second_funder": Column(N_("and funder"), "text", N_("The other of the two funders."), names="funder"),
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
    "waiting_days": Column(N_("Waiting days"), "integer", N_("Days cases spent in the stage in the window.")),
    "waiting_share": Column(N_("Share of waiting"), "percent", N_("Days in the stage as a share of all days waited.")),
    "clock_left": Column(N_("Days left"), "word", N_("Days left of the legal stay: by the clock of host country and route, from entry where it is known, else from opening.")),
    "case_reference": Column(N_("Reference"), "text", N_("Pseudonymous reference of the case.")),
    "route": Column(N_("Route"), "code", N_("Legal route.")),
    "stay_left": Column(N_("Days of legal stay left"), "integer", N_("Days until the legal stay of the route ends, counted from opening; below 0 it is over.")),
    "days_open": Column(N_("Days open"), "integer", N_("Days since opening, at the cut-off.")),
    "days_in_stage": Column(N_("Days in stage"), "integer", N_("Days since the case entered its present stage.")),
    "hold": Column(N_("On hold"), "word", N_("Whether the case is on hold now.")),
    "opened_on": Column(N_("Opened on"), "date", N_("Day of opening.")),
    "problem": Column(N_("What is wrong"), "word", N_("Why the record is left out of dated figures.")),
    "scenario": Column(N_("If"), "word", N_("With or without new arrivals.")),
    "weeks_50": Column(N_("Weeks, even odds"), "integer", N_("Weeks until all are closed with a chance of one half; empty: does not clear.")),
    "weeks_85": Column(N_("Weeks, 85 %"), "integer", N_("Weeks until all are closed with a chance of 85 %.")),
    "weeks_95": Column(N_("Weeks, 95 %"), "integer", N_("Weeks until all are closed with a chance of 95 %.")),
    "followed": Column(N_("Cases followed"), "integer", N_("Cases opened in the period, open ones included.")),
    "half_days": Column(N_("Half end within (days)"), "integer", N_("Days by which half have ended, those still waiting included.")),
    "four_fifths_days": Column(N_("Four in five within (days)"), "integer", N_("Days by which four in five have ended, those still waiting included.")),
    "waiting_180": Column(N_("Still waiting after day 180"), "percent", N_("Share of cases still open after 180 days, those still waiting included.")),
    "relocated_180": Column(N_("Relocated by day 180"), "percent", N_("Share relocated within 180 days, open cases included (competing outcomes).")),
    "on_time_share": Column(N_("On time"), "percent", N_("Of cases opened at least 120 days ago, the share closed within 120 days.")),
    "asked": Column(N_("Asked for help"), "text", N_("People in cases opened in the period, rounded at random to 5; below 10 not shown.")),
    "ended": Column(N_("Case ended"), "text", N_("People whose case ended in the period, rounded at random to 5; below 10 not shown.")),
    "relocated_people": Column(N_("Reached safety"), "text", N_("People whose case ended with relocation, rounded at random to 5; below 10 not shown.")),
    "relocated_share": Column(N_("Relocated of ended"), "percent", N_("People relocated of people whose case ended.")),
    "relocated_beside": Column(N_("Beside all"), "text", N_("Percentage points from the share of all, with what rounding leaves open.")),
    "legal_form": Column(N_("Legal form"), "word", N_("What it is in law where it is registered.")),
    "other_country": Column(N_("Other country"), "country", N_("The working country of the other side.")),
    "partnerships": Column(N_("Partnerships"), "integer", N_("Recorded partnerships between initiatives of the two countries.")),
    "crossing": Column(N_("Borders"), "word", N_("Whether the two have a working country in common.")),
    "validity": Column(N_("Ends"), "word", N_("When its last day is, counted from the cut-off.")),
    "permit": Column(N_("With a permit"), "integer", N_("Cases with a residence permit on record.")),
    "soon": Column(N_("Over or ends within 180 days"), "integer", N_("Cases whose newest permit is over or ends within 180 days.")),
    "renewed": Column(N_("Renewed"), "integer", N_("Cases with more than one permit on record.")),
    "route_changed": Column(N_("Changed route"), "integer", N_("Cases with another route of stay on record after arrival.")),
    "moved_on": Column(N_("Moved on"), "integer", N_("Cases of which onward movement to another country is on record.")),
    "returned": Column(N_("Returned"), "integer", N_("Cases of which a return is on record.")),
    "wait_away": Column(N_("Longer than all (days)"), "integer", N_("Days until half had ended, more (or, below zero, fewer) than in all.")),
    "wait_away_low": Column(N_("At least"), "integer", N_("Low limit of the difference, 95 %.")),
    "wait_away_high": Column(N_("At most"), "integer", N_("High limit of the difference, 95 %.")),
    "wait_difference": Column(N_("Waiting beside all"), "text", N_("Days until half had ended, beside all, with the 95 % interval of the difference.")),
    "relocated_difference": Column(N_("Relocated beside all"), "text", N_("Share relocated by day 180 beside all, in percentage points, with the 95 % interval of the difference.")),
    "on_time_difference": Column(N_("On time beside all"), "text", N_("Share closed within 120 days beside all, in percentage points, with the 95 % interval of the difference.")),
    "strong": Column(N_("Better than all"), "text", N_("What the whole interval of the difference says to be better than in all.")),
    "weak": Column(N_("Worse than all"), "text", N_("What the whole interval of the difference says to be worse than in all.")),
    "legal_days": Column(N_("Legal stay (days)"), "integer", N_("Days of legal stay for stays that begin now, by the clock on record.")),
    "relocating": Column(N_("Initiatives for relocation"), "integer", N_("Initiatives with a project for relocation there that has not ended.")),
    "of_decided": Column(N_("Relocated of decided"), "percent", N_("Relocated as a share of relocated and refused; withdrawn left out.")),
    "cohort": Column(N_("Opened"), "integer", N_("Cases opened in the month.")),
    "reached_verified": Column(N_("Verified"), "percent", N_("Share that reached “verified” or a later stage in time.")),
    "reached_file_complete": Column(N_("File complete"), "percent", N_("Share that reached “file complete” or a later stage in time.")),
    "reached_host_found": Column(N_("Host found"), "percent", N_("Share that reached “host found” or a later stage in time.")),
    "reached_approved_not_issued": Column(N_("Approved"), "percent", N_("Share that reached “approved, not issued” or a later stage in time.")),
    "reached_travelled": Column(N_("Travelled"), "percent", N_("Share that travelled in time.")),
    "maturity": Column(N_("Old enough"), "word", N_("Whether the whole month lies back far enough to be judged.")),
    "places": Column(N_("Places pledged"), "integer", N_("Places pledged for the period, in people.")),
    "used": Column(N_("People relocated"), "integer", N_("People relocated since the period began.")),
    "places_left": Column(N_("Places left"), "integer", N_("Pledged less used, not below 0.")),
    "waiting_country": Column(N_("Waiting in"), "country", N_("Country in which the person waits or waited.")),
    "journeys": Column(N_("Cases"), "integer", N_("Cases opened in the period on this way.")),
    "entry_line": Column(N_("Entry"), "word", N_("Stock or flow; what leaves is negative.")),
    "cases": Column(N_("Cases"), "integer", N_("Episodes.")),
    "stage": Column(N_("Stage"), "word", N_("The stage the case is in now.")),
    "bucket": Column(N_("Days open"), "word", N_("Days since opening, at the cut-off.")),
    "episodes": Column(N_("Open cases"), "integer", N_("Open episodes.")),
    "period": Column(N_("Period"), "word", N_("Published quarter, half-year or year.")),
    "measure": Column(N_("Figure"), "word", N_("What is counted, in people.")),
    "route_group": Column(N_("Route group"), "word", N_("A fixed group of legal routes for protected figures.")),
    "people": Column(N_("People"), "word", N_("Rounded at random to 5; below 10, including none, shown as <10.")),
    "language": Column(N_("Language"), "code", N_("Language of the work.")),
    "exported_at": Column(N_("When"), "text", N_("Moment of the export, UTC.")),
    "noted_at": Column(N_("When"), "text", N_("Moment of the fault, UTC.")),
    "fault_reference": Column(N_("Reference"), "text", N_("What the reader was told on the page that broke.")),
    "fault_kind": Column(N_("Kind"), "text", N_("Class of the exception.")),
    "code_places": Column(N_("Where in the code"), "text", N_("Files, lines and functions, the innermost last.")),
    "subject": Column(N_("Who"), "text", N_("Beginning of the reader's pseudonym.")),
    "role": Column(N_("Role"), "text", N_("The reader's role at that moment.")),
    "exported_page": Column(N_("Page"), "text", N_("Where it was taken from.")),
    "what": Column(N_("What"), "text", N_("A table's key, the whole page, or the brief.")),
    "filters": Column(N_("Filters"), "text", N_("The choices of the view, as in its link.")),
    "row_count": Column(N_("Rows"), "integer", N_("Rows of all tables in the file.")),
    "handed": Column(N_("Given"), "word", N_("Whether the file was handed over or refused.")),
    "term": Column(N_("Term"), "text", N_("As it stands on the pages.")),
    "meaning": Column(N_("Meaning"), "text", N_("What it says, and what it does not.")),
    "method": Column(N_("Method"), "text", N_("Mark of the rule it follows, under “Rules of counting”.")),
    "source": Column(N_("Source"), "text", N_("Who sent the records.")),
    "owner": Column(N_("Owner"), "text", N_("Who answers for the source.")),
    "licence": Column(N_("Licence"), "text", N_("What others may do with it.")),
    "rhythm_days": Column(N_("Promised every (days)"), "integer", N_("How often the source should be loaded.")),
    "days_since": Column(N_("Days since"), "integer", N_("Days from the newest finished load to the cut-off.")),
    "last_loaded": Column(N_("Loaded"), "date", N_("Day of the load; for a source, of its newest finished one.")),
    "freshness": Column(N_("State"), "word", N_("Fresh within the promised rhythm, due after it, overdue half a rhythm later.")),
    "last_status": Column(N_("Load"), "word", N_("Whether the load was finished, failed, or was taken back.")),
    "run_id": Column(N_("Number"), "integer", N_("The load's number, by which it can be taken back.")),
    "format": Column(N_("Format"), "text", N_("What the file was read as.")),
    "created": Column(N_("Created"), "integer", N_("Records that were not there before.")),
    "updated": Column(N_("Updated"), "integer", N_("Records that changed; their old values are kept.")),
    "unchanged": Column(N_("Unchanged"), "integer", N_("Records that say what they said before.")),
    "rejected": Column(N_("Rejected"), "integer", N_("Rows that could not be read; they are kept whole.")),
    "not_seen": Column(N_("Not seen"), "integer", N_("Records of the source that the file has no more.")),
    "message": Column(N_("What is wrong"), "text", N_("In words.")),
    "suggestion": Column(N_("What to do"), "text", N_("What would mend it.")),
    "severity": Column(N_("Weight"), "word", N_("Rejected rows were not loaded; noted ones were.")),
    "file_name": Column(N_("File"), "text", N_("Name of the file.")),
    "sheet": Column(N_("Sheet"), "text", N_("Sheet or element.")),
    "row_number": Column(N_("Row"), "integer", N_("As a spreadsheet counts.")),
    "column_name": Column(N_("Column"), "text", N_("Heading of the column.")),
    "value": Column(N_("Value"), "text", N_("What stood there.")),
    "effect": Column(N_("What charts leave out"), "text", N_("Where the record is missing.")),
    "record": Column(N_("Record"), "text", N_("Name or reference.")),
    "ahead": Column(N_("Signed ahead"), "money", N_("Signed for days after the chosen one, less what it passes on.")),
    "lost_low": Column(N_("Falls at least"), "money", N_("Of the leaving funders' own grants, what no payment covers.")),
    "lost_high": Column(N_("Falls at most"), "money", N_("All that is signed by them or taken from it.")),
    "lost_share_high": Column(N_("At most, of what is ahead"), "percent", N_("Falls at most, over signed ahead.")),
    "unnamed": Column(N_("Of unnamed payers"), "money", N_("Inside what is ahead; it never falls here.")),
    "months_of_cash": Column(N_("Cash lasts then (months)"), "text", N_("Stated cash over the stated cost per month less what would still be signed per month, over the 12 months after; “covered”: nothing is missing; empty: not stated.")),
    "other_funders": Column(N_("Other funders"), "integer", N_("Named funders with money ahead that do not leave.")),
    "unpaid": Column(N_("No payment on record"), "money", N_("Of what is ahead, what no payment on record covers.")),
    "stays": Column(N_("Stays"), "money", N_("Signed money of the month that would not fall.")),
    "falls": Column(N_("Falls"), "money", N_("Signed money of the month that would fall, at most.")),
    "state": Column(N_("Then"), "word", N_("Whether the grant falls with the choice.")),
    "combinations": Column(N_("Combinations"), "text", N_("Host countries and activities.")),
    "others": Column(N_("Who else"), "text", N_("Other recorded providers.")),
    "providers": Column(N_("Providers"), "integer", N_("Organisations with a project there that has not ended.")),
    "claim": Column(N_("Claim"), "money", N_("What the line lacks in the year; for a cut, what is signed for it after the cut-off.")),
    "rule": Column(N_("Rule"), "text", N_("How the amount is divided.")),
    "in_words": Column(N_("In words"), "text", N_("What the rule does.")),
    "awarded": Column(N_("In all"), "money", N_("All that the rule gives, or takes away.")),
    "whole_lines": Column(N_("Covered whole"), "integer", N_("Lines that would lack nothing.")),
    "between": Column(N_("Between"), "integer", N_("Lines covered to 75 % or more, and not whole.")),
    "below_line": Column(N_("Still below 75 %"), "integer", N_("Lines that stay below three quarters of their need.")),
    "largest_five": Column(N_("In the five largest"), "percent", N_("Share of the amount in the five largest awards, or losses.")),
    "below_cells": Column(N_("Combinations below 75 %"), "integer", N_("Host countries and activities that stay below three quarters of their stated need; an award goes to the places of its line in the shares of what they lack.")),
    "minimum_after": Column(N_("Minimum covered"), "percent", N_("Of stated minimums, what would be signed then.")),
    "budget_after": Column(N_("Budget covered"), "percent", N_("Of stated budgets, what would be signed then.")),
    "ambition_after": Column(N_("Ambition covered"), "percent", N_("Of stated ambitions, what would be signed then.")),
    "if_doubled": Column(N_("More if the largest asked double"), "money", N_("What the line with the largest claim would gain by claiming twice as much.")),
    "loses_all": Column(N_("Lose everything"), "integer", N_("Lines that would lose all that is signed ahead.")),
    "loses_none": Column(N_("Lose nothing"), "integer", N_("Lines that would keep all that is signed ahead.")),
    "newcomers_share": Column(N_("To first-time grantees"), "percent", N_("Share of the amount to organisations without an earlier grant on record.")),
    **{
        name: Column(heading, "money", N_("Award under the rule."))
        for name, heading in {
            "proportional": N_("Proportional"), "equal_awards": N_("Equal awards"), "equal_losses": N_("Equal losses"),
            "talmud": N_("Half-claims"), "equal_coverage": N_("Equal coverage"), "soonest_cliff": N_("Soonest cliff"),
            "newcomers_first": N_("First-time grantees first"),
        }.items()
    },
    "taken_out": Column(N_("Taken out"), "integer", N_("Rows that the load had made.")),
    "restored": Column(N_("As before"), "integer", N_("Rows that the load had changed.")),
    "record_kind": Column(N_("Kind of record"), "word", N_("Table of the database.")),
    "signal": Column(N_("What it says"), "word", N_("Need coverage and crowding of the cell together.")),
}  # fmt: skip


RECEIVES = Column(N_("Organisation"), "text", N_("Who received the money."), names="initiative")
LEADS = Column(
    N_("Organisation"), "text", N_("Lead organisation of the project, or who does the core work."), names="initiative"
)
FROM = Column(N_("Signed, or needed from"), "date", N_("Day of signing of a grant, first day of a need."))
OWN: dict[str, dict[str, Column]] = {
    **{key: {"since": FROM} for key in ("same_money", "same_money_decided")},
    "results": {
        "what": Column(N_("What was reached"), "text", N_("In the words of the source.")),
        "number": Column(N_("How many"), "integer", N_("As stated; empty where nobody counted.")),
        "period_start": Column(N_("From"), "date", N_("First day of what is counted.")),
        "period_end": Column(N_("To"), "date", N_("Last day of what is counted.")),
        "source": Column(N_("Source"), "text", N_("Who says so.")),
    },
    "after_arrival": {"arrived": Column(N_("Arrived"), "integer", N_("Cases that ended with relocation."))},
    "permits": {"episodes": Column(N_("Cases"), "integer", N_("Cases that ended with relocation.")), "what": Column(N_("What"), "word", N_("The newest residence permit or identity document of a case."))},
    "behind_programmes": {
        "used": Column(N_("Places used"), "integer", N_("People relocated since the period of places began.")),
        "signed": Column(N_("Signed for relocation"), "money", N_("Money of the year placed there and signed for relocation, each unit once.")),
    },
    "programmes_published": {
        "relocated_share": Column(N_("Relocated of ended"), "percent", N_("People relocated of people whose case ended, both rounded.")),
    },
    "local_partners": {"organisation": Column(N_("Initiative"), "text", N_("Name."), names="initiative")},
    "projects": {"status": Column(N_("Status"), "word", N_("Planned, running or ended, as recorded."))},
    "figure_waits": {
        "closed": Column(N_("Ended"), "integer", N_("Cases that ended after so many days.")),
        "still_waiting": Column(N_("Still waiting"), "integer", N_("Cases open for so many days at the cut-off.")),
    },
    "figure_on_time": {
        "followed": Column(N_("Cases due"), "integer", N_("Cases opened at least 120 days before the cut-off.")),
        "closed": Column(N_("Closed in time"), "integer", N_("Of them, those that closed within 120 days.")),
    },
    **{key: {"organisation": RECEIVES} for key in ("figure_dependent", "figure_grantees", "change_grants", "dependence", "leaning", "ending", "year_rows", "signed_grants", "account_rows", "step_rows", "to_fix", "leaves_organisations", "bridging")},
    **{key: {"organisation": LEADS} for key in ("figure_money", "lines", "month_rows")},
    "unseen": {
        "organisation": Column(N_("Initiative"), "text", N_("Name."), names="initiative"),
        "activities": Column(N_("Activities"), "text", N_("What its projects that have not ended do.")),
    },
    "history": {
        "opened": Column(N_("Founded"), "integer", N_("Initiatives founded in the quarter.")),
        "closed": Column(N_("Closed down"), "integer", N_("Initiatives that closed in the quarter.")),
        "active": Column(N_("Active at the end"), "integer", N_("Initiatives founded and not closed by the end of the quarter.")),
    },
    "mix": {"initiatives": Column(N_("Initiatives"), "integer", N_("Initiatives with the activity; one with several counts once for each."))},
    "who_funds": {"organisations": Column(N_("Organisations"), "integer", N_("Distinct organisations with signed money of the funder."))},
    "crossing": {
        "organisations": Column(N_("Organisations"), "integer", N_("Distinct organisations with a project there that has not ended.")),
    },
    "grid": {
        "organisations": Column(N_("Organisations"), "integer", N_("Distinct organisations with a project there that has not ended.")),
        "projects": Column(N_("Projects"), "integer", N_("Projects there that have not ended.")),
    },
    "audience_grid": {
        "organisations": Column(N_("Organisations"), "integer", N_("Distinct organisations with a project for it that has not ended.")),
        "projects": Column(N_("Projects"), "integer", N_("Projects for it that have not ended.")),
    },
    "first_rows": {
        what: Column(heading, "text", N_("As the file would be read."))
        for what, heading in {
            "organisation": N_("Organisation"), "acronym": N_("Acronym"), "activity": N_("Activity"), "country": N_("Host country"),
            "place": N_("Place"), "place_code": N_("Code of a place"), "project": N_("Project"), "starts_on": N_("Starts"),
            "ends_on": N_("Ends"), "id": N_("Reference of the grant"), "amountAwarded": N_("Amount signed"), "status": N_("Status"),
            "amountDisbursed": N_("Amount paid"), "currency": N_("Currency"), "awardDate": N_("Signed on"), "starts": N_("Starts"),
            "ends": N_("Ends"), "recipient": N_("Recipient"), "recipient_id": N_("Identifier of the recipient"),
            "funder": N_("Funder"), "funder_id": N_("Identifier of the funder"), "case": N_("Case number"), "stage": N_("Stage"),
            "date": N_("Date"), "outcome": N_("Outcome"), "people": N_("People"), "waiting_country": N_("Waiting in"),
            "route": N_("Route"), "handler": N_("Handled by"), "opened": N_("Opened on"), "closed": N_("Closed on"),
        }.items()
    },
    "exports": {"reason": Column(N_("Reason"), "word", N_("Why exact figures of live cases left."))},
}  # fmt: skip
"""Columns that mean something of their own in one table, by the table's key."""


def column(key: str, table: str = "") -> Column:
    """The column `key` of a table, which may have one of its own. Raises KeyError for one that nothing declares."""
    known = OWN.get(table, {}).get(key) or COLUMNS.get(key)
    if known is None:
        raise KeyError(f"column {key!r} of table {table!r} is declared nowhere: add it to COLUMNS in {__name__}")
    return known


def heading(key: str, table: str = "") -> str:
    """A column's heading with its unit."""
    known = column(key, table)
    said = _(known.heading)
    return f"{said} ({spoken().currency})" if known.kind == "money" else said


def unit(key: str, table: str = "") -> str:
    """What a column's numbers are counted in, where that is not plain."""
    kind = column(key, table).kind
    if kind == "money":
        return spoken().currency
    return {"percent": _("share: 1 is 100 %"), "rate": _("per 1,000"), "date": _("day"), "month": _("month")}.get(
        kind, ""
    )


def presented(rows: pd.DataFrame, table: str = "") -> pd.DataFrame:
    """`rows` of a table as a reader sees them, on screen and in every export: headings for names, words for codes.

    Money becomes major units with the currency in the heading, shares stay fractions; types stay numbers and dates.
    Columns that nothing declares are refused with KeyError: nothing undeclared leaves the house.
    """
    shown = {heading(key, table): _shown(rows[key], key, column(key, table).kind) for key in rows.columns}
    return pd.DataFrame(shown, index=rows.index).reset_index(drop=True)


SHOWN = {
    "money": lambda values, _column: values.astype("Float64") / 100,
    "percent": lambda values, _column: values.astype("Float64").round(2),
    "country": lambda values, _column: values.map(written.country).astype("str"),
    "code": lambda values, column: values.map(lambda value: codes.code(column, value)).astype("str"),
    "word": lambda values, _column: values.astype("str").map(codes.word).astype("str"),
    "quarter": lambda values, _column: pd.to_datetime(values).map(written.quarter).astype("str"),
    "month": lambda values, _column: pd.to_datetime(values).dt.date,
    "date": lambda values, _column: pd.to_datetime(values).dt.date,
    "rate": lambda values, _column: values.astype("Float64").round(3),
    "decimal": lambda values, _column: values.astype("Float64").round(2),
    "exchange": lambda values, _column: values.astype("Float64").round(4),
}


def _shown(values: pd.Series, key: str, kind: Kind) -> pd.Series:
    change = SHOWN.get(kind)
    return change(values, key) if change else values
