"""What came of a load: counts, problems, and the reasons for which all of it is refused."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from data_access.database import Which
from data_access.i18n import _, in_digits, ngettext
from data_access.importers.records import Problem, Unreadable

LARGEST_REPORT = 5_000
MOST_REJECTED = 50_000


class NoSuchColumn(TypeError):
    """A reader handed over a record with a name that its table does not have: a fault of the reader, not of the file."""


class NotUndone(Exception):
    """The run cannot be undone; the message says why."""


class NotASnapshot(Unreadable):
    """A file that was declared to be all there is, is not."""

    def __init__(self, rejected: int) -> None:
        said = ngettext(
            "{n} row was rejected, or a part is missing, so this is not all there is and nothing can be taken out. Mend it first, or do not say that the file is all there is.",
            "{n} rows were rejected, or a part is missing, so this is not all there is and nothing can be taken out. Mend them "
            "first, or do not say that the file is all there is.",
            rejected,
        )
        super().__init__(said.format(n=in_digits(rejected)))


class TooManyRejected(Unreadable):
    """So few rows can be read that the file is something else than it was taken for."""


@dataclass(frozen=True)
class Origin:
    """What was loaded: the format, the SHA-256 of the file, and the secret that references of cases were made with."""

    format: str | None = None
    file_hash: str | None = None
    salt: str = field(default="", repr=False)


@dataclass(frozen=True)
class Agreed:
    """What somebody looked at and agreed to: `counts_both`: what another source states already is other money and loaded as well;
    `discloses`: what was not to be known may become visible (see `secrecy`)."""

    counts_both: bool = False
    discloses: bool = False


@dataclass
class Outcome:
    """What a run did, or on a dry run would do: counts per entity, and problems in the order they were met."""

    created: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    updated: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    unchanged: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    rejected: int = 0
    not_seen: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    problems: list[Problem] = field(default_factory=list)
    runs: dict[Which, int] = field(default_factory=dict)

    def add(self, problem: Problem) -> None:
        """Keep a problem; warnings do not reject. Raises TooManyRejected."""
        self.rejected += not problem.is_warning
        if self.rejected > MOST_REJECTED:
            raise TooManyRejected(
                _(
                    "More than {n} rows cannot be read, such as: {problem} State its format, or say which of its columns is "
                    "which."
                ).format(n=in_digits(MOST_REJECTED), problem=problem)
            )
        if len(self.problems) < LARGEST_REPORT or not problem.is_warning:
            self.problems.append(problem)
