"""Why a pair is listed, readable without statistics, and what people answered about it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pandas as pd

from dashboard.answers import closing
from dashboard.answers.overlap import Overlap, at_address
from dashboard.metrics import overlap
from dashboard.page.blocks import Evidence
from dashboard.page.reading import appender, keeps_now, read, shown_once, writes_to
from dashboard.page.visit import Visit
from dashboard.words import codes, written
from data_access import queries
from data_access.i18n import _, ngettext
from data_access.schema import ANSWERS, REASONS
from data_access.verdicts import Verdict, record


def of_pair(visit: Visit, found: Overlap, key: str) -> Evidence:
    """The evidence of the pair of `found` at the address `key`. Raises KeyError for a pair that is not there."""
    return replace(_compared_pair(visit, found, key), answers=_answers(visit, found, at_address(visit, found, key)))


@shown_once
def _compared_pair(visit: Visit, found: Overlap, key: str) -> Evidence:
    """All of it but the answers, which say to each reader which is hers."""
    pair = at_address(visit, found, key)
    facets = read(queries.overlap.facets(visit.viewer, of=_both(pair)))
    values = {
        project: rows.groupby("facet")["code"].agg(set).to_dict() for project, rows in facets.groupby("project_id")
    }
    a, b = (values.get(project, {}) for project in (pair.project_a, pair.project_b))
    counted = read(queries.overlap.rarity(visit.viewer)).set_index(["facet", "code"])
    compared = [
        (written.capital(codes.word(facet)), _known(getattr(pair, facet)), _compared(facet, a, b, counted))
        for facet in overlap.WEIGHTS
    ]
    return Evidence(_headline(pair), compared, _facts(visit, found, pair), [])


@shown_once
def leads(visit: Visit, found: Overlap, key: str) -> list[tuple[str, str]]:
    """The leads of a pair's projects: name and slug."""
    projects = read(queries.overlap.projects(visit.viewer, of=_both(at_address(visit, found, key))))
    named = projects.drop_duplicates("organisation_slug").sort_values("organisation", key=written.alphabetical)
    return list(zip(named["organisation"], named["organisation_slug"], strict=True))


def _both(pair: Any) -> list[int]:
    return [int(pair.project_a), int(pair.project_b)]


def _known(similarity: float) -> float | None:
    return None if pd.isna(similarity) else float(similarity)


def _headline(pair: Any) -> str:
    return _("A: {a} ({oa}) – B: {b} ({ob}): {score}").format(
        a=pair.name_a, oa=pair.organisation_a, b=pair.name_b, ob=pair.organisation_b, score=_score(pair)
    )


def _score(pair: Any) -> str:
    low, high = written.number(pair.low * 100), written.number(pair.high * 100)
    if low == high:
        return _("{n} of 100 alike").format(n=low)
    return _("between {low} and {high} of 100 alike, depending on missing facts").format(low=low, high=high)


def _compared(facet: str, a: dict[str, set], b: dict[str, set], counted: pd.DataFrame) -> str:
    first, second = a.get(facet, set()), b.get(facet, set())
    if not first or not second:
        side = _("A and B") if not first and not second else _("A") if not first else _("B")
        return _("not recorded for {side}").format(side=side)
    parts = []
    if both := sorted(first & second):
        parts.append(_("both {values}").format(values=written.listing([_with_rarity(facet, c, counted) for c in both])))
    for side, only in ((_("A"), first - second), (_("B"), second - first)):
        if only:
            names = written.listing(written.in_order(codes.code(facet, code) for code in only))
            parts.append(_("only {side}: {values}").format(side=side, values=names))
    return "; ".join(parts)


def _with_rarity(facet: str, code: str, counted: pd.DataFrame) -> str:
    name = codes.code(facet, code)
    if (facet, code) not in counted.index:
        return name
    row = counted.loc[(facet, code)]
    return _("{name} ({n} of {total} projects)").format(
        name=name, n=written.number(row["projects"]), total=written.number(row["of_projects"])
    )


def _facts(visit: Visit, found: Overlap, pair: Any) -> list[tuple[str, str]]:
    lines = [(_("Time"), _time(visit, pair))]
    tagged = found.money.reindex([pair.project_a, pair.project_b])
    amounts = [written.money(m, visit.currency) if pd.notna(m) else _("nothing") for m in tagged]
    if tagged.isna().all():
        lines.append((_("Money"), _("no signed grant is tied to either project")))
    else:
        lines.append((_("Money"), _("signed for A {a}, for B {b}").format(a=amounts[0], b=amounts[1])))
    lines += _funders(visit, pair)
    lines.append((_("Known partners"), _partnership(visit, pair)))
    lines.append((_("Together they work in"), closing.together(visit, _both(pair))))
    if pair.has_changed:
        lines.append((_("Changed"), _("facts changed since people answered; the question stands again")))
    return lines


def _time(visit: Visit, pair: Any) -> str:
    if pd.isna(pair.days_together):
        return _("a start date is not recorded, so nobody can say whether they ran together")
    projects = read(queries.overlap.projects(visit.viewer, of=_both(pair))).set_index("project_id")
    a, b = projects.loc[pair.project_a], projects.loc[pair.project_b]
    if not pair.days_together:
        return _("one after the other: A {a}, B {b}").format(a=_period(a), b=_period(b))
    months = max(1, round(int(pair.days_together) / 30.44))
    together = ngettext("at the same time for {n} month", "at the same time for {n} months", months).format(n=months)
    return _("{together} (A {a}, B {b})").format(together=together, a=_period(a), b=_period(b))


def _period(project: pd.Series) -> str:
    ends = _("open end") if pd.isna(project["ends_on"]) else written.short_month(project["ends_on"])
    return f"{written.short_month(project['starts_on'])} – {ends}"


def _funders(visit: Visit, pair: Any) -> list[tuple[str, str]]:
    """Who funds the lead of each project, and who funds both."""
    grants = read(queries.funding.grants_of([int(pair.lead_a), int(pair.lead_b)], visit.viewer))
    counted = grants[(grants["status"] != "cancelled") & grants["funder"].notna()]
    of_a, of_b = (set(counted.loc[counted["recipient_id"] == lead, "funder"]) for lead in (pair.lead_a, pair.lead_b))
    told = (
        (_("Shared funders"), of_a & of_b),
        (_("Funders of the lead of A"), of_a),
        (_("Funders of the lead of B"), of_b),
    )
    return [(label, written.listing(written.in_order(names)) or _("none recorded")) for label, names in told]


def _partnership(visit: Visit, pair: Any) -> str:
    if not pair.are_partners:
        return _("not recorded")
    known = read(queries.overlap.partnerships(visit.viewer))
    first, second = sorted((pair.lead_a, pair.lead_b))
    row = known[(known["organisation_a"] == first) & (known["organisation_b"] == second)].iloc[0]
    return _("yes") if pd.isna(row["since"]) else _("since {day}").format(day=written.day(row["since"]))


def _answers(visit: Visit, found: Overlap, pair: Any) -> list[tuple[str, str]]:
    """Every answer so far, newest first: who (never by name) and when, and what.

    That the places differ is kept from whoever may not know both places.
    """
    said = found.answers
    said = said[(said["project_a"] == pair.project_a) & (said["project_b"] == pair.project_b)]
    people = {subject: n for n, subject in enumerate(dict.fromkeys(said["subject"]), 1)}
    lines = []
    for answer in said.iloc[::-1].itertuples():
        who = _("You") if answer.subject == visit.viewer.subject else _("Person {n}").format(n=people[answer.subject])
        what = codes.word(answer.answer)
        if pd.notna(answer.reason) and not (answer.reason == "other_place" and pd.isna(pair.host_country)):
            what = _("{answer}: {reason}").format(answer=what, reason=codes.word(answer.reason))
        if answer.facet_hash != pair.facet_hash:
            what = _("{answer} (on facts that have changed since)").format(answer=what)
        lines.append((_("{who}, {day}").format(who=who, day=written.day(pd.Timestamp(answer.answered_at))), what))
    return lines


def answer_names() -> dict[str, str]:
    """The four answers."""
    return {answer: written.capital(codes.word(answer)) for answer in ANSWERS}


def reason_names() -> dict[str, str]:
    """Why two projects are not duplicates: a fixed list, so that no text about people can be written."""
    return {reason: written.capital(codes.word(reason)) for reason in REASONS}


def thanks(said: str) -> str:
    """What was recorded, and in which list the pair is now."""
    status = overlap.STATUS_AFTER[said]
    return _("Recorded: {answer}. The pair is now in the list “{list}”.").format(
        answer=codes.word(said), list=written.capital(codes.word(status))
    )


def why_not_here(visit: Visit) -> str | None:
    """Why this reader cannot answer here, in a sentence; None when she can."""
    if not visit.viewer.answers_pairs:
        return _("Coordinators answer; everybody reads their answers.")
    if not writes_to("overlap_verdict"):
        return _("This server records no answers: MERIDIAN_ANSWERS_URL is not set.")
    if not keeps_now("overlap_verdict"):
        return _("Answers have to wait: they cannot be kept at this moment.")
    return None


def answer(visit: Visit, found: Overlap, key: str, said: str, reason: str | None) -> None:
    """Record the reader's answer on a pair she sees, on the facts as she sees them.

    Raises PermissionError for a reader who only reads, KeyError for a pair not shown to her, and ValueError for a
    "not a duplicate" without a reason.
    """
    pair = at_address(visit, found, key)
    if not visit.viewer.answers_pairs:
        raise PermissionError("Only coordinators answer.")
    if said == "not_a_duplicate" and reason is None:
        raise ValueError("Say why it is not a duplicate.")
    why = reason if said == "not_a_duplicate" else None
    now = datetime.now(UTC)
    ids = int(pair.project_a), int(pair.project_b)
    record(appender("overlap_verdict"), Verdict(*ids, said, why, visit.viewer.subject, now, pair.facet_hash))
