"""`meridian digest`: what crossed a line, as files for the network's own mail. Nothing is sent from here."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qsl

import click
from sqlalchemy import Engine, select

from dashboard.answers import crossed
from dashboard.commands import speaking
from dashboard.commands.refusal import Refused
from dashboard.files import digest as files
from dashboard.page.opening import open_for, open_view
from dashboard.page.reading import read_metas
from dashboard.page.roles import as_viewer
from dashboard.page.visit import Visit
from dashboard.upkeep.writers import writers
from data_access import digests, people
from data_access.i18n import N_, _, language, languages
from data_access.schema import ROLES, saved_view
from data_access.viewer import Role, Viewer

ONCE_IN = timedelta(days=183)
FIRST_LOOKS_BACK = timedelta(days=31)


@speaking.command(
    help=N_(
        "Write what crossed a line, as text, HTML and Atom, for the network's own mail.\n\n"
        "Each line is told once in six months to the same view or role. Prints the text, and nothing when nothing crossed a line, "
        "so that cron stays silent."
    )
)
@speaking.option("--view", metavar="NAME", help=N_("A saved view: its filters, and what its owner may see."))
@speaking.option("--of", "owner", metavar="REFERENCE", help=N_("Whose view, where several have one of that name."))
@speaking.option("--as", "role", type=click.Choice(ROLES), help=N_("Without a view: for this role."))
@speaking.option("--since", default="last", show_default=True, metavar="YYYY-MM-DD|last", help=N_("From which day on."))
@speaking.option(
    "--out", type=click.Path(path_type=Path, file_okay=False), metavar="DIR", help=N_("Where to write the files.")
)
@speaking.option("--dry-run", is_flag=True, help=N_("Note nothing: the same is told again next time."))
def digest(
    view: str | None, owner: str | None, role: Role | None, since: str, out: Path | None, *, dry_run: bool
) -> None:
    """Write what crossed a line."""
    if bool(view) == bool(role):
        raise Refused(_("say either --view NAME or --as ROLE."))
    shared = writers()["shared"]
    visit, whose = (
        _of_view(shared, view, owner)
        if view
        else (open_for(_viewer(role or "funder"), read_metas()), ("as", str(role)))
    )
    today, to = datetime.now(UTC).date(), digests.audience(*whose)
    with shared.connect() as connection:
        told = digests.told_since(connection, to, today - ONCE_IN)
        first = _day(since) or digests.last(connection, to) or visit.as_of.date() - FIRST_LOOKS_BACK
    found = crossed.lines(visit, first, told)
    if not found:
        return
    text = files.as_text(visit, found, first)
    if out:
        _write(out, visit, found, first, to, text)
    if not dry_run:
        with shared.begin() as connection:
            digests.note(connection, to, [(one.rule, one.about) for lines in found.values() for one in lines], today)
    print(text, end="")


def _write(out: Path, visit: Visit, found: files.Lines, first: date, to: str, text: str) -> None:
    out.mkdir(parents=True, exist_ok=True)
    (out / "digest.txt").write_text(text, encoding="utf-8")
    (out / "digest.html").write_text(files.as_html(visit, found, first), encoding="utf-8")
    (out / "digest.atom").write_bytes(files.as_atom(visit, found, to, datetime.now(UTC).date()))


def _viewer(role: Role) -> Viewer:
    return Viewer(role, () if role == "funder" else None)


def _day(since: str) -> date | None:
    """The day that was said, None for the last digest's. Raises Refused."""
    if since == "last":
        return None
    try:
        return date.fromisoformat(since)
    except ValueError:
        raise Refused(_("--since is a day as 2026-11-26, or last.")) from None


def _of_view(shared: Engine, name: str, owner: str | None) -> tuple[Visit, tuple[str, ...]]:
    """The visit of a saved view, as its owner would open it, and for whom the digest is. Raises Refused."""
    asked = select(saved_view).where(saved_view.c.name == name)
    with shared.connect() as connection:
        found = connection.execute(asked.where(saved_view.c.subject == owner) if owner else asked).all()
    if not found:
        raise Refused(_("there is no saved view {name}.").format(name=repr(name)))
    if len(found) > 1:
        raise Refused(_("several readers have a view {name}: say whose with --of REFERENCE.").format(name=repr(name)))
    query, person = dict(parse_qsl(found[0].query)), people.find(shared, found[0].subject)
    is_sample = read_metas()["shared"].get("is_sample") == "1"
    if person is None and not is_sample:
        raise Refused(_("whoever saved {name} has no role any more.").format(name=repr(name)))
    language.set(person.language if person and person.language in languages() else query.get("lang", language.get()))
    visit, _dropped = open_view(as_viewer(person) if person else _viewer("funder"), query)
    return visit, ("view", found[0].subject, name)


COMMANDS = (digest,)
