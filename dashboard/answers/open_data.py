"""What is handed to everybody in the open standards: public organisations, the grants between them, and who works where.

Kinds of file write it in `dashboard.files.threesixty`, `.iati` and `.hxl`; what a standard cannot say is counted there,
with its reason. docs/open-data.md has how each fact is mapped. A grant whose project is somebody's who is not public is placed as if
it had none, and a group of joint grants has a name that tells nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from dashboard.metrics import placement
from dashboard.metrics.placement import Records
from dashboard.upkeep.recorded_money import records_of
from data_access.i18n import _
from data_access.importers.references import opaque
from data_access.queries import open_data
from data_access.viewer import Query

NOT_PUBLIC = "not_public"
UNNAMED = ("withheld", "not_stated")


@dataclass(frozen=True)
class OpenData:
    """What may be read by everybody.

    `grants` between public organisations: grant_id, reference, funder_slug, funder, recipient_slug, recipient, project (NA
    where it may not be named), project_id (NA likewise), parent (the reference of the one it is taken from, where that is here too), joint_group,
    stated_minor, paid_minor, currency, status, kind, committed_on, starts_on, ends_on, is_own (an organisation's own money),
    is_passed_on (others here are taken from it). `places`: grant_id, host_country ('withheld', 'not_stated'), share_bp.
    `activities`: project_id, code. `payments`: grant_id, paid_on, amount_minor, currency. `work`: organisation_id, organisation, project,
    starts_on, ends_on, host_country, activity, each NA where it is not said. `not_public`: how many grants that a funder of the
    network sees name somebody who is not public, or nobody as their payer.
    """

    grants: pd.DataFrame
    places: pd.DataFrame
    activities: pd.DataFrame
    payments: pd.DataFrame
    work: pd.DataFrame
    not_public: int


def first_reason(grants: pd.DataFrame, reasons: Mapping[str, pd.Series]) -> pd.Series:
    """The first of the `reasons` that holds of each grant, NA where none does."""
    found = np.select([mask.to_numpy(dtype=bool) for mask in reasons.values()], list(reasons), "")
    return pd.Series(found, index=grants.index, dtype="str").where(found != "")


def title(grant: Any) -> str:
    """What a grant is called: its project, where that may be named."""
    return grant.project if pd.notna(grant.project) else _("Grant to {recipient}").format(recipient=grant.recipient)


def description(grant: Any) -> str:
    """A sentence on a grant."""
    return _("Grant from {funder} to {recipient}.").format(funder=grant.funder, recipient=grant.recipient)


def collected(read: Callable[[Query], pd.DataFrame], as_of: date) -> OpenData:
    """Everything that may be read by everybody on a day, in the order of references and names."""
    organisations, projects = read(open_data.organisations(as_of)), read(open_data.projects())
    records = _of_public_projects(records_of(read, open_data.FUNDER), projects["project_id"])
    public = organisations["organisation_id"]
    are_named = records.grants["funder_id"].isin(public) & records.grants["recipient_id"].isin(public)
    grants = records.grants[are_named].merge(read(open_data.as_stated()), on="grant_id")
    parents = grants.set_index("grant_id")["reference"]
    grants = grants.assign(
        parent=grants["parent_grant_id"].map(parents),
        joint_group=grants["joint_group"].map(partial(opaque, "JOINT"), na_action="ignore"),
        is_own=(grants["funder_id"] == grants["recipient_id"]).fillna(False),
        is_passed_on=grants["grant_id"].isin(grants["parent_grant_id"].dropna()),
    ).sort_values("reference", ignore_index=True)
    activities = records.facets.loc[records.facets["facet"] == "activity", ["project_id", "code"]]
    payments = read(open_data.payments())
    return OpenData(
        grants,
        placement.shares(records).query("grant_id in @grants.grant_id").sort_values(["grant_id", "host_country"]),
        activities,
        payments[payments["grant_id"].isin(grants["grant_id"])],
        _work(organisations, projects, records.facets, read(open_data.places(as_of))),
        int((~are_named).sum()),
    )


def _of_public_projects(records: Records, public: pd.Series) -> Records:
    grants, is_public = records.grants, records.grants["project_id"].isin(public)
    unnamed = {name: grants[name].where(is_public) for name in ("project_id", "project")}
    facets = records.facets[records.facets["project_id"].isin(public)]
    return replace(records, grants=grants.assign(**unnamed), facets=facets)


def _work(
    organisations: pd.DataFrame, projects: pd.DataFrame, facets: pd.DataFrame, presences: pd.DataFrame
) -> pd.DataFrame:
    """Of initiatives at work a row for each country and activity of each project, and for each country where they are without
    one."""
    at_work = organisations[organisations["is_at_work"]].rename(columns={"name": "organisation"})

    def said(facet: str) -> pd.DataFrame:
        rows = facets[(facets["facet"] == facet) & ~facets["code"].isin(UNNAMED)]
        return rows[["project_id", "code"]].rename(columns={"code": facet})

    own = projects.rename(columns={"name": "project"}).merge(said("host_country"), how="left", on="project_id")
    own = own.merge(said("activity"), how="left", on="project_id")
    bare = presences.merge(own[["organisation_id", "host_country"]].drop_duplicates(), how="left", indicator=True)
    rows = pd.concat([own, bare[bare["_merge"] == "left_only"].drop(columns="_merge")], ignore_index=True)
    rows = rows.merge(at_work, on="organisation_id")
    columns = ["organisation_id", "organisation", "project", "starts_on", "ends_on", "host_country", "activity"]
    return rows[columns].sort_values(["organisation", "project", "host_country", "activity"], ignore_index=True)
