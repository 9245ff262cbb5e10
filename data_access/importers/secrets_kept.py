"""What a load may not make easier to see, and what is said of it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from sqlalchemy import Connection, Table

from data_access import schema, secrecy
from data_access.database import Which
from data_access.i18n import _
from data_access.importers.outcomes import Outcome
from data_access.importers.records import Problem, Record


class Secrets:
    """Of one load, into whose `outcome` is said what was held back, or made visible where it `discloses`."""

    def __init__(self, connections: Mapping[Which, Connection], outcome: Outcome, *, discloses: bool) -> None:
        self._connections, self._outcome, self._discloses = connections, outcome, discloses

    @cached_property
    def _undisclosed(self) -> dict[tuple[int, str], str]:
        """Where organisations were at undisclosed places alone before this load wrote any."""
        return secrecy.undisclosed(self._connections["shared"])

    def kept(
        self, table: Table, record: Record, before: Mapping[str, Any], values: dict[str, Any], digest: str
    ) -> tuple[dict[str, Any], str]:
        """The values with who may know them no wider than `before`, nor than of a country whose place is not disclosed, and the
        digest to keep: none where something was held back, so that it is looked at again with the next load."""
        row = {**before, **values}
        if table not in secrecy.LEVELS or secrecy.LEVELS[table][0] not in row:
            return values, digest
        strict = secrecy.stricter(table, before, row)
        if table is schema.presence:
            elsewhere = self._undisclosed.get((row["organisation_id"], row["host_country"]))
            strict = secrecy.stricter(table, strict, {"precision": elsewhere or strict["precision"]})
        ((column, level),) = strict.items()
        if level == row[column]:
            return values, digest
        if self._discloses:
            what, do = _("It was {level} and is easier to see now."), _("Nothing to do if whom it concerns has agreed.")
        else:
            what = _("It stays {level}, as was asked for: a load makes nothing easier to see.")
            do = _("If whom it concerns has agreed, load again and say that the file may disclose it.")
        code = "disclosed" if self._discloses else "kept_secret"
        said = what.format(level=level)
        self._outcome.add(Problem(record.place, column, str(row[column]), code, said, do, is_warning=True))
        return (values, digest) if self._discloses else (values | strict, "")
