"""Rows of our own workbook as records: keys, parts of grants, episodes of cases out of their events."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from data_access.i18n import _, in_digits
from data_access.importers.records import Place, Problem, Record
from data_access.schema import AFTER_ARRIVAL
from data_access.search import search_key

EPISODES = uuid.UUID("6f1b1c52-62c5-4b70-9a5b-0b8b7a1d5c11")
LAST_PLACE = 1_000


def _plain(entity: str, cells: Iterable[tuple[Place, dict[str, Any]]]) -> Iterator[Record]:
    for place, row in cells:
        yield Record(entity, _key_of(entity, row), row, place)


KEYS = {
    "presence": ("organisation", "host_country", "role", "place"),
    "partnership": ("first", "second"),
    "local_partner": ("organisation", "name", "host_country"),
    "project_facet": ("project", "facet", "code"),
    "fx_rate": ("currency", "on_date"),
    "capacity": ("host_country", "period_start"),
    "policy_event": ("on_date", "label_en"),
    "code": ("facet", "code"),
    "population": ("host_country",),
    "organisation_finance": ("organisation", "on_date"),
    "other_income": ("organisation", "year", "kind"),
    "route": ("code",),
    "legal_clock": ("route", "host_country", "valid_from"),
    "grant": ("reference",),
    "relocation_case": ("id",),
}


def _key_of(entity: str, row: Mapping[str, Any]) -> str:
    names = KEYS.get(entity, ("slug",))
    return "|".join("" if row.get(name) is None else str(row[name]) for name in names)


def _organisations(entity: str, cells: Iterable[tuple[Place, dict[str, Any]]]) -> Iterator[Record]:
    for place, row in cells:
        yield Record(entity, row["slug"], row | {"search_key": search_key(row["name"])}, place)


def _keyed(entity: str, cells: Iterable[tuple[Place, dict[str, Any]]]) -> Iterator[Record]:
    """Results, needs and payments: their reference is ours only for loading."""
    for place, row in cells:
        yield Record(entity, str(row["key"]), {k: v for k, v in row.items() if k != "key"}, place)


def _codes(entity: str, cells: Iterable[tuple[Place, dict[str, Any]]]) -> Iterator[Record]:
    """Codes and routes: what has no place in lists stands at their end."""
    for place, row in cells:
        yield Record(
            entity,
            _key_of(entity, row),
            row | {"position": LAST_PLACE if row.get("position") is None else row["position"]},
            place,
        )


def _facets(entity: str, cells: Iterable[tuple[Place, dict[str, Any]]]) -> Iterator[Record]:
    for place, row in cells:
        yield Record(entity, _key_of(entity, row), row | {"is_withheld": bool(row.get("is_withheld"))}, place)


def _grants(entity: str, cells: Iterable[tuple[Place, dict[str, Any]]]) -> Iterator[Record | Problem]:
    for place, row in cells:
        shares = row.pop("countries", None) or {}
        yield Record(entity, row["reference"], row, place)
        yield from _say_of_shares(place, row["reference"], shares)
        for country, share in shares.items():
            values_ = {"grant": row["reference"], "host_country": country, "share_bp": share}
            yield Record("grant_country", f"{row['reference']}|{country}", values_, place)


def _populations(entity: str, cells: Iterable[tuple[Place, dict[str, Any]]]) -> Iterator[Record | Problem]:
    for place, row in cells:
        stated = [row[name] for name in ("low", "central", "high") if row.get(name) is not None]
        if stated == sorted(stated):
            yield Record(entity, _key_of(entity, row), row, place)
        else:
            yield Problem(place, "low", " – ".join(map(in_digits, stated)), "bad_value",
                          _("are estimates that do not rise from the lowest to the highest."), _("Exchange or correct them."))  # fmt: skip


ROUNDING_BP = 2


def _say_of_shares(place: Place, reference: str, shares: Mapping[str, int | None]) -> Iterator[Problem]:
    """A note where the declared shares of a grant do not add to 100."""
    declared = sum(share or 0 for share in shares.values())
    shown = f"{Decimal(declared) / 100:f} %"
    if declared > 10_000 + ROUNDING_BP:
        said = _("of {grant} are shares of more than 100 %; where its money works is taken as “not stated”.")
        yield Problem(place, "countries", shown, "shares_over_100", said.format(grant=reference),
                      _("Correct the shares."), is_warning=True)  # fmt: skip
    elif shares and None not in shares.values() and declared < 10_000 - ROUNDING_BP:
        said = _("of {grant} are shares of less than 100 %; the rest is kept as “not stated”.")
        yield Problem(place, "countries", shown, "shares_under_100", said.format(grant=reference),
                      _("Nothing to do if the rest is not known."), is_warning=True)  # fmt: skip


ONCE = ("opened", "entered", "closed")
"""Events that an episode has one of."""


def _case_events(_entity: str, cells: Iterable[tuple[Place, dict[str, Any]]]) -> Iterator[Record | Problem]:
    """Events of one episode become its row, its stages and its holds."""
    episodes: dict[tuple[str, int], dict[str, Any]] = {}
    places: dict[tuple[str, int], Place] = {}
    days: dict[tuple[str, int, str], date | None] = {}
    rest: list[tuple[Place, str, dict[str, Any]]] = []
    for place, row in cells:
        number = (row["case"], row["episode_no"])
        if row["event"] in ONCE and row.get("date") != days.setdefault((*number, row["event"]), row.get("date")):
            yield Problem(place, "event", row["event"], "stated_twice",
                          _("stands twice in one episode, on two days."),
                          _("Leave out one, or give what came later an episode of its own."))  # fmt: skip
            continue
        reference = row.get("episode") or str(uuid.uuid5(EPISODES, f"{row['case']}#{row['episode_no']}"))
        episode = episodes.setdefault(
            number, {"id": reference, "case": row["case"], "episode_no": row["episode_no"], "status": "open"}
        )
        places.setdefault(number, place)
        if row["event"] == "opened":
            names = ("route", "host_country", "recorded_on")
            episode |= {"opened_on": row.get("date")} | {name: row.get(name) for name in names}
        elif row["event"] == "entered":
            episode |= {"entered_on": row.get("date")}
        elif row["event"] == "closed":
            episode |= {"closed_on": row.get("date"), "outcome": row.get("outcome"), "status": "closed"}
        else:
            rest.append((place, episode["id"], row))
    for number, episode in episodes.items():
        if _ends_before_it_opens(episode):
            yield Problem(places[number], "date", str(episode["closed_on"]), "ended_before_it_began",
                          _("is before the day on which this episode opened; it is listed as to fix and in no time of a case."),
                          _("Correct one of the two dates."), is_warning=True)  # fmt: skip
        yield Record("case_episode", episode["id"], episode, places[number])
    for place, reference, row in rest:
        yield _beside_opening_and_ending(place, reference, row)


def _beside_opening_and_ending(place: Place, reference: str, row: Mapping[str, Any]) -> Record | Problem:
    """A stage of an episode, a hold, or what was learnt after arrival."""
    on = row.get("date")
    if on is None:
        return Problem(place, "date", "", "value_missing",
                       _("is empty, but “{event}” needs it.").format(event=row["event"]), _("Add the date."))  # fmt: skip
    if row["event"] == "hold":
        held = {
            "episode": reference,
            "held_from": on,
            "held_to": row.get("until"),
            "reason": row.get("reason") or "unknown",
        }
        return Record("hold", f"{reference}|{on}", held, place)
    if row["event"] in AFTER_ARRIVAL:
        after = {"episode": reference, "event": row["event"], "on_date": on, "until": row.get("until")}
        return Record("after_arrival", f"{reference}|{row['event']}|{on}", after, place)
    stage = {"episode": reference, "stage": row["event"], "entered_on": on, "recorded_on": row.get("recorded_on")}
    return Record("stage_event", f"{reference}|{row['event']}|{on}", stage, place)


def _needs(entity: str, cells: Iterable[tuple[Place, dict[str, Any]]]) -> Iterator[Record | Problem]:
    """Needs, each with a note where it may be another one of the same owner and kind: word for word, or the sum of those within its
    period."""
    groups: dict[tuple[Any, ...], list[tuple[Place, dict[str, Any]]]] = defaultdict(list)
    for place, row in cells:
        groups[tuple(row.get(name) for name in ("project", "organisation", "kind", "currency"))].append((place, row))
        yield from _keyed(entity, [(place, row)])
    for needs in groups.values():
        seen: dict[tuple[Any, ...], str] = {}
        for place, row in needs:
            stated = row.get("period_start"), row.get("period_end"), row.get("amount_minor")
            if (other := seen.setdefault(stated, str(row["key"]))) != str(row["key"]) and None not in stated:
                yield Problem(place, "", str(row["key"]), "need_again",
                              _("states what {other} states: the same owner, kind, period and sum. BOTH ARE COUNTED.").format(other=other),
                              _("If they are one need, leave out one."), is_warning=True)  # fmt: skip
            within = [part for _place, part in needs if part is not row and _is_within(part, row)]
            if len(within) > 1 and sum(part["amount_minor"] for part in within) == row.get("amount_minor"):
                yield Problem(place, "", str(row["key"]), "need_again",
                              _("is the sum of {others}, which lie in its period. ALL ARE COUNTED.").format(
                                  others=", ".join(str(part["key"]) for part in within[:5])),
                              _("If they are its parts, leave out the whole or the parts."), is_warning=True)  # fmt: skip


def _is_within(part: Mapping[str, Any], whole: Mapping[str, Any]) -> bool:
    begins, ends = whole.get("period_start"), whole.get("period_end")
    starts, stops = part.get("period_start"), part.get("period_end")
    if begins is None or ends is None or starts is None or stops is None or part.get("amount_minor") is None:
        return False
    return bool(begins <= starts and stops <= ends and (begins, ends) != (starts, stops))


def _ends_before_it_opens(episode: Mapping[str, Any]) -> bool:
    opened, closed = episode.get("opened_on"), episode.get("closed_on")
    return opened is not None and closed is not None and closed < opened


RECORDS: dict[str, Callable[[str, Iterable[tuple[Place, dict[str, Any]]]], Iterator[Record | Problem]]] = {
    "code": _codes,
    "route": _codes,
    "organisation": _organisations,
    "project_facet": _facets,
    "project_result": _keyed,
    "need": _needs,
    "grant": _grants,
    "population": _populations,
    "payment": _keyed,
    "case_event": _case_events,
}


def records_of(entity: str, cells: Iterable[tuple[Place, dict[str, Any]]]) -> Iterator[Record | Problem]:
    """The records that the rows of a sheet are, each row as read and where it stands; and what is to say of them."""
    return RECORDS.get(entity, _plain)(entity, cells)
