"""“This is wrong”: what readers say of a record, how many of the rows behind a figure somebody contests, and settling it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime

import pandas as pd

from dashboard.answers.initiatives import Initiatives
from dashboard.answers.overlap import Overlap
from dashboard.answers.portfolio import Portfolio
from dashboard.answers.profile import Profile
from dashboard.page.blocks import Table
from dashboard.page.forms import ContestForm
from dashboard.page.reading import appender, computed, keeps_now, read, read_now
from dashboard.page.visit import Visit
from dashboard.words import codes, written
from data_access import contests, queries
from data_access.i18n import _, ngettext
from data_access.schema import CONTESTS, SETTLEMENTS

KEPT_IN, PART = "contest", "."


def can_be_said() -> bool:
    """Whether this server keeps what readers say."""
    return keeps_now(KEPT_IN)


def of_profile(found: Profile) -> ContestForm:
    """What of a profile can be wrong: the initiative, a project, a grant."""
    records = {f"initiative{PART}{int(found.row['organisation_id'])}": _("this initiative as a whole")}
    for row in found.projects.itertuples():
        records[f"project{PART}{row.project_id}"] = _("project: {name}").format(name=row.project)
    for row in found.grants.itertuples():
        payer = _("not named") if pd.isna(row.funder) else row.funder
        amount = "–" if pd.isna(row.amount_minor) else written.money(row.amount_minor, row.currency)
        records[f"grant{PART}{row.grant_id}"] = _("grant: {funder}, {amount}").format(funder=payer, amount=amount)
    return ContestForm(records, _kinds())


def of_sources(visit: Visit) -> ContestForm:
    """Each source."""
    rows = read(queries.contested.sources(visit.viewer))
    return ContestForm({f"source{PART}{row.source_id}": str(row.source) for row in rows.itertuples()}, _kinds())


def _kinds() -> dict[str, str]:
    return {kind: codes.word(kind) for kind in CONTESTS}


def say(visit: Visit, record: str, kind: str) -> str:
    """Note that a record is wrong; says what becomes of it. Raises contests.NotNoted."""
    entity, _point, identity = record.partition(PART)
    contests.contest_record(appender(KEPT_IN), visit.reader, entity, int(identity), kind, datetime.now(UTC))
    return _("Noted. A steward settles it; until then figures that rest on it say that it is contested.")


def _every(visit: Visit) -> pd.DataFrame:
    """Every open contest of what this reader sees, as it is now."""
    state = read_now(queries.contested.state(visit.viewer)).fillna(0).iloc[0]
    return computed(
        lambda: read_now(queries.contested.contested(visit.viewer)),
        "contested",
        int(state["newest"]),
        int(state["settled"]),
    )


def of_initiatives(visit: Visit, found: Initiatives) -> str:
    """How many of the initiatives counted somebody contests, empty when none."""
    shown = set(found.each["organisation_id"])
    n = _among(visit, "initiative", shown)
    said = ngettext("{n} of {m} initiative is contested.", "{n} of {m} initiatives are contested.", len(shown))
    return _counted(said, n, len(shown))


def of_money(visit: Visit, money: Portfolio) -> str:
    """How many of the signed grants behind the figures somebody contests, empty when none."""
    counted = int(money.recipients["counted"].sum())
    n = _among(visit, "grant", money.recipients["organisation_id"], "organisation_id")
    said = ngettext("{n} of {m} signed grant is contested.", "{n} of {m} signed grants are contested.", counted)
    return _counted(said, n, counted)


def of_pairs(visit: Visit, found: Overlap) -> str:
    """How many of the projects in pairs somebody contests, empty when none."""
    shown = {*found.pairs["project_a"], *found.pairs["project_b"]}
    n = _among(visit, "project", shown)
    said = ngettext(
        "{n} of {m} project in pairs is contested.", "{n} of {m} projects in pairs are contested.", len(shown)
    )
    return _counted(said, n, len(shown))


def of_one(visit: Visit, found: Profile) -> str:
    """How many of the records of a profile somebody contests, empty when none."""
    here = [
        _among(visit, "initiative", [found.row["organisation_id"]]),
        _among(visit, "project", found.projects["project_id"]),
        _among(visit, "grant", found.grants["grant_id"]),
    ]
    total = 1 + len(found.projects) + len(found.grants)
    said = ngettext("{n} of {m} record here is contested.", "{n} of {m} records here are contested.", total)
    return _counted(said, sum(here), total)


def _among(visit: Visit, entity: str, ids: Collection, of: str = "record_id") -> int:
    """How many records of a kind somebody contests, of those whose `of` is among `ids`."""
    rows = _every(visit)
    own = rows[(rows["entity"] == entity) & rows[of].isin(list(ids))]
    return int(own["record_id"].nunique())


def _counted(said: str, n: int, m: int) -> str:
    return said.format(n=written.number(n), m=written.number(m)) if n else ""


def are_settled_here(visit: Visit) -> bool:
    """Whether this reader settles what others said, here."""
    return visit.viewer.role == "steward" and can_be_said()


def waiting(visit: Visit) -> pd.DataFrame:
    """Everything open, the oldest first."""
    return _every(visit).sort_values("said_at", kind="stable", ignore_index=True)


def listing(found: pd.DataFrame) -> Table:
    """What readers say is wrong, for stewards."""
    rows = pd.DataFrame(
        {
            "contested": "contested_" + found["entity"].astype("str"),
            "record": found["record"].fillna(_("not named")).astype("str"),
            "organisation": found["organisation"].fillna("").astype("str"),
            "contest_kind": found["kind"].astype("str"),
            "said_on": pd.to_datetime(found["said_at"], utc=True).dt.tz_localize(None).dt.normalize(),
            "person": found["subject"].fillna("").astype("str"),
        }
    )
    title = ngettext("{n} record is said to be wrong", "{n} records are said to be wrong", len(rows))
    return Table(
        "contests",
        title.format(n=written.number(len(rows))),
        rows,
        _(
            "Choose one to settle it. Mend a record in its source and load it again; what was kept is kept for a reason."
        ),
    )


def settlement_names() -> dict[str, str]:
    """What can become of a contest."""
    return {settled: codes.word(settled) for settled in SETTLEMENTS}


def settle(visit: Visit, found: pd.DataFrame, place: int, settled_as: str) -> str:
    """Settle a contest; says what was done."""
    identity = int(found.loc[place, "contest_id"])
    is_done = contests.settle(appender(KEPT_IN), identity, settled_as, visit.viewer.subject, datetime.now(UTC))
    return _("Settled.") if is_done else _("Somebody else settled it meanwhile.")
