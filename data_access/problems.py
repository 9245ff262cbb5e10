"""What can be wrong with a database or an answer from it, in sentences for people."""

from __future__ import annotations

from data_access.i18n import _


class DatabaseProblem(Exception):
    """The database cannot be read as it stands; `what` says why in a sentence, `remedy` names the mending command."""

    def __init__(self, what: str, remedy: str) -> None:
        super().__init__(f"{what} {remedy}")
        self.what = what
        self.remedy = remedy


class DataMoved(DatabaseProblem):
    """The records changed after this reader's page began: what was read so far and what comes do not belong together."""

    def __init__(self) -> None:
        super().__init__(_("The records changed while they were read."), _("Ask again."))


class TooMuch(DatabaseProblem):
    """A query was stopped at the time limit: it asked for more than a page may read at once."""

    def __init__(self) -> None:
        super().__init__(_("This would read more records than a page may."), _("Choose a part of them."))
