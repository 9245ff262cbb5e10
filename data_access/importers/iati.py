"""IATI activities 2.0x: what was committed, pledged and paid between which organisations, and the activities as projects.

Counted are incoming funds (1), outgoing commitments (2), disbursements (3), expenditure (4), incoming commitments (11),
outgoing pledges (12) and incoming pledges (13); 5 to 10 never count. One grant is what one activity commits to one
receiver in one currency. Where payer and receiver both report the same money, told by their activity ids, the payer's
report is taken. Files of one command are read together, so that their two sides are found. What an activity passes on
of what came in is a re-grant. A grant of which only payments are reported has no stated amount. Budgets are not read.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element

from data_access.i18n import _, in_digits
from data_access.importers import files, values, written_amounts
from data_access.importers.iati_days import day_of, period, say_of_days
from data_access.importers.iati_places import (
    COMMITMENTS,
    PLEDGES,
    Party,
    Transaction,
    has_places,
    own_countries,
    own_place,
    say_of_shares,
    share_records,
    stated_countries,
)
from data_access.importers.records import Context, Place, Problem, Record, Unreadable
from data_access.importers.references import NOT_STATED, opaque, organisation, shortened, slug

ROOT, ACTIVITY = "iati-activities", "iati-activity"
PARENT, CHILD = "1", "2"
PAYMENTS = {"3": "out", "4": "out", "1": "in"}
COUNTED = COMMITMENTS | PLEDGES | PAYMENTS
NEVER_COUNTED = frozenset({"5", "6", "7", "8", "9", "10"})
RECEIVING_ROLES, FUNDING_ROLE = ("4", "3", "2"), "1"
KIND = {code: code for code in COUNTED} | {"4": "3"}
"""What states the same of a programme and of its parts: spending, whether paid out or spent."""
EXPENDITURE, PIPELINE, CANCELLED = "4", "1", "5"
NO_REFERENCE = frozenset({"", "n/a", "na", "none", "unknown", "0"})
DAC = "dac"
OUR_SECTORS = "urn:meridian:activities"
"""What a file that Meridian published says its sectors are taken from: they come back as they were."""
UNSIGNED = {PIPELINE: "pledge", CANCELLED: "cancelled"}
"""What the commitments of an activity are by its status, where they are none."""
JUDGED_BY = ("2", "11", "3", "1")
"""What tells whether the parts of a programme state its money: the first of these that both state."""
Grant = tuple[dict[str, Any], list[Transaction]]


@dataclass
class Known:
    """What the first reading found: activities, names that have a reference, links that their payer reports, what each
    activity commits per currency, and which activities are parts of which."""

    activities: set[str] = field(default_factory=set)
    references: dict[str, str] = field(default_factory=dict)
    paid_links: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    received_links: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    stated: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    parts: dict[str, set[str]] = field(default_factory=dict)
    payers: set[str] = field(default_factory=set)
    receivers: set[str] = field(default_factory=set)


def fits(path: Path, _context: Context) -> bool:
    """Whether the file is XML of IATI, of whatever version."""
    return files.kind_of(path) == "xml" and files.root_of(path)[0].startswith("iati-")


def read(paths: Sequence[Path], context: Context) -> Iterator[Record | Problem]:
    """Organisations, projects with their facets, grants, their places and payments; what cannot be read as problems.

    Raises Unreadable for another version than 2.0x, and for files of organisations.
    """
    for path in paths:
        _check_version(path)
    known = _known(paths)
    told: set[str] = set()
    seen: set[str] = set()
    uncounted: Counter[str] = Counter()
    for path in paths:
        for activity in files.elements(path, ACTIVITY):
            identifier = _text(activity, "iati-identifier")
            place = Place(identifier or ACTIVITY, file=path.name)
            if not identifier or identifier in seen:
                yield Problem(place, "iati-identifier", identifier or "", "activity_without_own_identifier",
                              _("is missing or stands twice; the activity was not read."),
                              _("Give each activity its own."))  # fmt: skip
                continue
            seen.add(identifier)
            yield from _activity(activity, identifier, place, known, context, told, uncounted)
    if not seen:
        raise Unreadable(_("{files}: no activity is in it.").format(files=", ".join(path.name for path in paths)))
    yield from _say_differing_sides(known, paths[0].name)
    if uncounted:
        shown = ", ".join(f"{in_digits(count)} × {kind}" for kind, count in sorted(uncounted.items()))
        yield Problem(Place("transactions", file=paths[0].name), "", shown, "not_counted",
                      _("are other than money committed, pledged or paid, as budgets are, or the receiver's side of what its "
                        "payer reports."),
                      _("Nothing to do."), is_warning=True)  # fmt: skip


def _known(paths: Sequence[Path]) -> Known:
    """What two readings of the files find before any record is made of them; an activity counts where it stands first."""
    known = Known()
    for path in paths:
        for activity in files.elements(path, ACTIVITY):
            _learn(activity, known)
    once: set[str | None] = set()
    for path in paths:
        for activity in files.elements(path, ACTIVITY):
            if (identifier := _text(activity, "iati-identifier")) not in once:
                once.add(identifier)
                _learn_links(activity, known, path.name)
    return known


def _say_differing_sides(known: Known, file: str) -> Iterator[Problem]:
    """Links of which payer and receiver state different sums."""
    for link in sorted(known.paid_links.keys() & known.received_links.keys()):
        paid, received = known.paid_links[link], known.received_links[link]
        if paid != received:
            sums = _("{paid} and {received}").format(
                paid=in_digits(paid / 100, 2), received=in_digits(received / 100, 2)
            )
            said = _("is what {payer} says it gave, and {receiver} says it got; the payer is believed.")
            yield Problem(Place(link[0], file=file), link[2], sums, "two_sides_differ",
                          said.format(payer=link[0], receiver=link[1]), _("Ask both."), is_warning=True)  # fmt: skip


def _check_version(path: Path) -> None:
    root, attributes = files.root_of(path)
    version = attributes.get("version", "")
    if root != ROOT:
        raise Unreadable(
            _("{file} is an IATI file, but not of activities. Load the publisher's activity file.").format(
                file=path.name
            )
        )
    if not version:
        said = _("{file} is IATI without a version; 2.01 to 2.03 can be read. Ask the publisher for 2.03.")
        raise Unreadable(said.format(file=path.name))
    if not version.startswith("2."):
        said = _("{file} is IATI {version}; 2.01 to 2.03 can be read. Ask the publisher for 2.03.")
        raise Unreadable(said.format(file=path.name, version=version))


def _learn(activity: Element, known: Known) -> None:
    known.activities.add(_text(activity, "iati-identifier") or "")
    for name in ("reporting-org", "participating-org"):
        for element in activity.findall(name):
            _learn_reference(element, known)
    for name in ("provider-org", "receiver-org"):
        for element in activity.findall(f"transaction/{name}"):
            _learn_reference(element, known)


def _learn_reference(element: Element, known: Known) -> None:
    own, name = _reference(element), _narrative(element)
    if own and name:
        known.references.setdefault(name.casefold(), own)


def _learn_links(activity: Element, known: Known, file: str) -> None:
    identifier = _text(activity, "iati-identifier") or ""
    for related in activity.findall("related-activity"):
        other = related.get("ref") or ""
        whole, part = {CHILD: (identifier, other), PARENT: (other, identifier)}.get(related.get("type") or "", ("", ""))
        if whole != part and {whole, part} <= known.activities:
            known.parts.setdefault(whole, set()).add(part)
    for found in _transactions(activity, identifier, Place(file=file), known):
        if isinstance(found, Transaction):
            known.stated[identifier, found.currency, KIND[found.code]] += found.minor
            if found.direction == "out" and found.link:
                known.paid_links[found.link] += found.minor
            elif found.link:
                known.received_links[found.link] += found.minor
            if found.payer and found.payer != found.receiver:
                known.payers.add(found.payer.key)
                known.receivers.add(found.receiver.key)


def _activity(
    activity: Element,
    identifier: str,
    place: Place,
    known: Known,
    context: Context,
    told: set[str],
    uncounted: Counter[str],
) -> Iterator[Record | Problem]:
    lead = _lead(activity, known)
    if lead is None:
        yield Problem(place, "reporting-org", "", "value_missing", _("is empty, but needed."), _("Name who reports."))
        return
    uncounted.update(_("type {code}").format(code=code) for code in _codes(activity) if code in NEVER_COUNTED)
    uncounted.update(_("budget") for _budget in activity.findall("budget"))
    grants: dict[str, Grant] = {}
    for found in _transactions(activity, identifier, place, known):
        if isinstance(found, Problem):
            yield found
        elif found.direction == "in" and found.link in known.paid_links:
            uncounted[_("receiver's side ({code})").format(code=found.code)] += 1
        else:
            _add(grants, found, identifier)
    yield from _without_parts(identifier, grants, known, context, place)
    for party in _parties(lead, grants):
        if party.key not in told:
            told.add(party.key)
            receives = party.key in known.receivers or (party == lead and party.key not in known.payers)
            is_initiative = receives and party.key != NOT_STATED
            is_funder = party.key in known.payers or not is_initiative
            yield organisation(party.key, party.name, place, is_funder=is_funder, is_initiative=is_initiative)
    yield from say_of_days(activity, place)
    if _status(activity) == PIPELINE and any(
        grant["status"] == "commitment" for grant, _transactions in grants.values()
    ):
        yield Problem(place, "activity-status", PIPELINE, "not_signed_yet",
                      _("says that the activity is only being prepared; what it commits was taken as a pledge."),
                      _("If it is signed, ask the publisher for another status."), is_warning=True)  # fmt: skip
    yield from say_of_shares(activity, identifier, place)
    yield from _project(activity, identifier, lead, place, context)
    yield from _grants(activity, identifier, grants, known, place)


def _without_parts(
    identifier: str, grants: dict[str, Grant], known: Known, context: Context, place: Place
) -> Iterator[Problem]:
    """What a programme states although its parts state it already is taken out of `grants`, and said; where the parts state
    less, both are kept and the question is asked."""
    parts = sorted(known.parts.get(identifier, ()))
    for currency in sorted({grant["currency"] for grant, _transactions in grants.values()}):
        sums = {kind: sum(known.stated[part, currency, kind] for part in parts) for kind in JUDGED_BY}
        kind = next((kind for kind in JUDGED_BY if sums[kind] and known.stated[identifier, currency, kind] > 0), None)
        if kind is None:
            continue
        shown = ", ".join(parts[:5])
        if sums[kind] < known.stated[identifier, currency, kind] or context.counts_both:
            said = _(
                "are parts of {activity}, which states money as well; if it is the same money, it is counted twice."
            ).format(activity=identifier)
            yield Problem(place, "related-activity", shown, "money_of_parts", said,
                          _("Ask the publisher, and load either the programme or its parts."), is_warning=True)  # fmt: skip
            continue
        for key in [key for key, (grant, _transactions) in grants.items() if grant["currency"] == currency]:
            del grants[key]
        said = _(
            "are parts of {activity} and state what it states in {currency}; the programme's own lines were left out, so that "
            "it counts once."
        ).format(activity=identifier, currency=currency)
        yield Problem(place, "related-activity", shown, "money_of_parts", said,
                      _("If they are other money, load the file again and say that both count."),
                      is_warning=True)  # fmt: skip


def _lead(activity: Element, known: Known) -> Party | None:
    """Whose project the activity is: who implements it where that is one, else who reports it."""
    implementer = _implementer(activity, known)
    if implementer is None or implementer.key == NOT_STATED:
        return _party(activity.find("reporting-org"), known)
    return implementer


def _grants(
    activity: Element, identifier: str, grants: dict[str, Grant], known: Known, place: Place
) -> Iterator[Record]:
    status = _status(activity)
    incoming = [key for key, (_grant, transactions) in grants.items() if transactions[0].direction == "in"]
    for key, (grant, transactions) in sorted(grants.items(), key=lambda one: one[1][1][0].direction):
        if transactions[0].direction == "out" and incoming:
            grant |= {"kind": "regrant", "parent": incoming[0] if len(incoming) == 1 else None}
        if status in UNSIGNED and grant["status"] == "commitment":
            grant["status"] = UNSIGNED[status]
        project = next(
            (t.receiver_activity for t in transactions if t.receiver_activity in known.activities), identifier
        )
        yield Record("grant", key, grant | period(activity) | {"project": project}, place)
        yield from share_records(activity, key, place) if has_places(activity) else own_place(key, transactions[0])
        yield from _payments(key, transactions)


def _status(activity: Element) -> str | None:
    element = activity.find("activity-status")
    return None if element is None else element.get("code")


def _parties(lead: Party, grants: dict[str, Grant]) -> Iterator[Party]:
    yield lead
    for _grant, transactions in grants.values():
        for found in transactions:
            yield from (party for party in (found.payer, found.receiver) if party is not None)


def _codes(activity: Element) -> Iterator[str]:
    for element in activity.findall("transaction/transaction-type"):
        yield element.get("code", "")


def _add(grants: dict[str, Grant], found: Transaction, identifier: str) -> None:
    """Put a transaction to its grant: one per activity, two parties, their activities, currency, and pledge or not."""
    is_pledge = found.code in PLEDGES
    between = (identifier, found.payer.key if found.payer else "", found.receiver.key, found.payer_activity or "",
               found.receiver_activity or "", found.currency, "pledge" if is_pledge else "",
               *([found.where] if found.countries else []))  # fmt: skip
    key = shortened("|".join(between))
    grant, transactions = grants.setdefault(
        key,
        (
            {
                "reference": opaque("IATI", key),
                "funder": found.payer.key if found.payer else None,
                "recipient": found.receiver.key,
                "joint_group": None,
                "amount_minor": None,
                "currency": found.currency,
                "status": "pledge" if is_pledge else "commitment",
                "kind": "new",
                "restriction": "unknown",
                "committed_on": None,
            },
            [],
        ),
    )
    transactions.append(found)
    stated = [t for t in transactions if t.code not in PAYMENTS]
    grant["amount_minor"] = sum(t.minor for t in stated) if stated else None
    grant["committed_on"] = min((t.on for t in (stated or transactions) if t.on), default=None)


def _payments(key: str, transactions: Sequence[Transaction]) -> Iterator[Record]:
    same: Counter[tuple[str, date | None, int]] = Counter()
    for found in transactions:
        if found.code in PAYMENTS:
            what = (found.code, found.on, found.minor)
            same[what] += 1
            name = f"{key}|{found.code}|{found.on}|{found.minor}|{same[what]}"
            row = {"grant": key, "paid_on": found.on, "amount_minor": found.minor, "currency": found.currency}
            yield Record("payment", name, row, found.place)


def _transactions(activity: Element, identifier: str, place: Place, known: Known) -> Iterator[Transaction | Problem]:
    """The counted transactions of an activity."""
    reporter, funder = _speaking_for(activity, known)
    implementer = _implementer(activity, known)
    for number, element in enumerate(activity.findall("transaction"), 1):
        kind = element.find("transaction-type")
        code = "" if kind is None else kind.get("code", "")
        here = Place(place.sheet, number, file=place.file)
        if code in NEVER_COUNTED:
            continue
        if code not in COUNTED:
            yield Problem(here, "transaction-type", code, "bad_value", _("is not a type of transaction of IATI 2.0x."),
                          _("Use a code of the list TransactionType."))  # fmt: skip
            continue
        column = "value"
        try:
            minor, currency = _money(activity, element)
            column = "transaction-date"
            on = day_of(element)
        except values.Bad as bad:
            yield Problem(here, column, _shown(element, column), "bad_value", bad.what, bad.do)
            continue
        given, taken = element.find("provider-org"), element.find("receiver-org")
        direction = COUNTED[code]
        if direction == "out":
            payer = _party(given, known) or funder
            receiver = _party(taken, known) or (None if code == EXPENDITURE else implementer) or reporter
        else:
            payer, receiver = _party(given, known), _party(taken, known) or reporter
        from_activity = _activity_id(given, "provider-activity-id") or (identifier if direction == "out" else None)
        to_activity = _activity_id(taken, "receiver-activity-id") or (identifier if direction == "in" else None)
        yield Transaction(code, direction, payer, receiver or Party(NOT_STATED, NOT_STATED), from_activity, to_activity,
                          minor, currency, on, here, own_countries(activity, element))  # fmt: skip


def _money(activity: Element, transaction: Element) -> tuple[int, str]:
    value = transaction.find("value")
    if value is None or (amount := written_amounts.machine_amount(value.text)) is None:
        raise values.Bad(_("is no value."), _("State the amount."))
    currency = written_amounts.currency(value.get("currency") or activity.get("default-currency"))
    if currency is None:
        raise values.Bad(_("is no currency."), _("State it at the value or as the activity's default-currency."))
    return amount, currency


def _shown(transaction: Element, column: str) -> str:
    element = transaction.find(column)
    if element is None:
        return ""
    return " ".join((element.text or "").split()) or element.get("iso-date", "")


def _party(element: Element | None, known: Known) -> Party | None:
    if element is None:
        return None
    name = _narrative(element)
    own = _reference(element) or (known.references.get(name.casefold()) if name else None)
    return Party(shortened(own or name), name or own) if own or name else None  # type: ignore[arg-type]


def _speaking_for(activity: Element, known: Known) -> tuple[Party | None, Party | None]:
    """Whose money the activity tells of where a transaction does not say: the reporting organisation's, as receiver and as payer. One
    that only passes on what others did (secondary-reporter) is neither: then the payer is the one funding organisation, if
    there is one."""
    reporting = activity.find("reporting-org")
    if reporting is None or reporting.get("secondary-reporter", "").casefold() not in ("1", "true"):
        reporter = _party(reporting, known)
        return reporter, reporter
    roles = [one for one in activity.findall("participating-org") if one.get("role") == FUNDING_ROLE]
    funding = list(dict.fromkeys(party for one in roles if (party := _party(one, known)) is not None))
    return None, funding[0] if len(funding) == 1 else None


def _implementer(activity: Element, known: Known) -> Party | None:
    """The one implementing organisation beside the reporting one; else the one extending, else the one accountable."""
    reporter = _party(activity.find("reporting-org"), known)
    for role in RECEIVING_ROLES:
        named = [
            _party(element, known) for element in activity.findall("participating-org") if element.get("role") == role
        ]
        others = list(dict.fromkeys(party for party in named if party is not None and party != reporter))
        if others:
            return others[0] if len(others) == 1 else Party(NOT_STATED, NOT_STATED)
    return None


def _reference(element: Element) -> str | None:
    own = (element.get("ref") or "").strip()
    return None if own.casefold() in NO_REFERENCE else own


def _activity_id(element: Element | None, name: str) -> str | None:
    found = "" if element is None else (element.get(name) or "").strip()
    return found or None


def _narrative(element: Element) -> str:
    return values.text(" ".join(element.findtext("narrative", "").split())) or ""


def _text(activity: Element, name: str) -> str | None:
    return values.text(activity.findtext(name))


def _project(activity: Element, identifier: str, lead: Party, place: Place, context: Context) -> Iterator[Record]:
    title = activity.find("title")
    name = (_narrative(title) if title is not None else "") or identifier
    values_ = {"name": name[:200], "organisation": lead.key} | period(activity)
    yield Record("project", identifier, values_, place, {"slug": slug(name, identifier), "status": "unknown"})
    facets = {("host_country", code) for code, _share in stated_countries(activity)}
    if not facets and not activity.findall("recipient-region"):
        facets = {
            ("host_country", code) for one in activity.findall("transaction") for code, _share in stated_countries(one)
        }
    for sector in [*activity.findall("sector"), *activity.findall("transaction/sector")]:
        if sector.get("vocabulary", "1") in ("1", "2"):
            facets |= {
                context.code_map[DAC, code] for code in (sector.get("code", ""),) if (DAC, code) in context.code_map
            }
        elif sector.get("vocabulary-uri") == OUR_SECTORS:
            facets |= {("activity", sector.get("code", ""))} & {
                ("activity", code) for code in context.vocabulary.get("activity", ())
            }
    for facet, code in sorted(facets):
        row = {"project": identifier, "facet": facet, "code": code, "is_withheld": False}
        yield Record("project_facet", shortened(f"{identifier}|{facet}|{code}"), row, place)
