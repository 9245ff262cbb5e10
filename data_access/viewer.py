"""Who is reading. A query cannot be built without a `Viewer`, and each `Query` carries the viewer it was built for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from sqlalchemy import Select

from data_access import schema
from data_access.i18n import _

Role = Literal["funder", "coordinator", "steward"]
Which = Literal["shared", "cases"]
FUNDERS = "funder"


@dataclass(frozen=True)
class Viewer:
    """A role and the host countries it covers; `host_countries=None` means every country.

    Raises ValueError for an unknown role or a country that is not an ISO 3166-1 alpha-2 code.
    """

    role: Role
    host_countries: tuple[str, ...] | None = ()
    subject: str = "sample"

    def __post_init__(self) -> None:
        if self.role not in schema.ROLES:
            raise ValueError(
                _("{role} is not a role; roles are {roles}.").format(
                    role=repr(self.role), roles=", ".join(schema.ROLES)
                )
            )
        for country in self.host_countries or ():
            if len(country) != 2 or not country.isalpha() or not country.isupper():
                raise ValueError(
                    _("{country} is not an ISO 3166-1 alpha-2 country code.").format(country=repr(country))
                )

    @property
    def clearance(self) -> str:
        """Whose pairs and sums of money this viewer reads: "funder", "steward", "all" (countries), or her own countries'.

        Scores and rarity computed over everything would tell a coordinator of some countries about withheld places
        in others, and one of all countries about unlisted organisations that work in none; so each scope has its own,
        and reads the funders' where it sees no more than they do.
        """
        if self.role == "funder" or self.host_countries == ():
            return FUNDERS
        if self.host_countries is None:
            return "steward" if self.role == "steward" else "all"
        return ".".join(sorted(self.host_countries))

    @property
    def choices_read(self) -> tuple[str, ...]:
        """Whose rows of `initiative_choice` this viewer reads: the funders', and what she sees beyond them."""
        if self.role == "funder":
            return (FUNDERS,)
        if self.host_countries is None:
            return (FUNDERS, self.clearance)
        return (FUNDERS, *sorted(self.host_countries))

    @property
    def answers_pairs(self) -> bool:
        """Coordinators answer whether two projects do the same; everybody else reads their answers."""
        return self.role == "coordinator"

    @property
    def sees_cases(self) -> bool:
        """Live case figures are for coordinators alone (SECURITY 1.4)."""
        return self.role == "coordinator"

    @property
    def scope(self) -> tuple[str, tuple[str, ...] | None]:
        """What may differ between two viewers' answers: part of every cache key."""
        return self.role, self.host_countries


@dataclass(frozen=True)
class Query:
    """A SELECT, whom it was built for and which database it reads."""

    statement: Select
    viewer: Viewer
    database: Which = "shared"
