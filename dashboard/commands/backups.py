"""`meridian backup` and `restore`: copies of the databases, checked when they are made and when they are used."""

from __future__ import annotations

from pathlib import Path

import click

from dashboard.commands import databases, speaking
from dashboard.upkeep.writers import writers
from data_access import addresses
from data_access import backups as copies
from data_access.i18n import N_, _
from data_access.migrate import upgrade_both
from data_access.viewer import Which


def named_urls() -> dict[Which, str]:
    urls = addresses.primaries(addresses.urls_from_environment())
    named: dict[Which, str | None] = {"shared": urls.shared, "cases": urls.cases}
    return {which: url for which, url in named.items() if url}


@speaking.command(help=N_("Copy the databases, of one moment, into a new folder that only you can read."))
@click.argument("folder", type=click.Path(path_type=Path))
def backup(folder: Path) -> None:
    """Copy the databases, of one moment, into a new folder that only you can read."""
    for which, copy in copies.backup(named_urls(), folder).items():
        print(
            _("{which}: {file}, schema {schema}, data version {version}").format(
                which=which, file=folder / copy.file, schema=copy.schema, version=copy.version
            )
        )
    print(_("Keep the folder where the databases are not, encrypted: it holds everything they hold."))


@speaking.command(
    help=N_("Make empty databases what a backup holds, bring them to the newest schema and check the books.")
)
@click.argument("folder", type=click.Path(path_type=Path))
def restore(folder: Path) -> int:
    """Make empty databases what a backup holds, bring them to the newest schema and check the books."""
    for which, copy in copies.restore(folder, named_urls()).items():
        print(_("{which}: restored, data version {version}").format(which=which, version=copy.version))
    engines = writers(are_new=True)
    upgrade_both(engines)
    if engines["shared"].dialect.name == "postgresql":
        print(_("Logins have no rights here yet: run `meridian init` with them, as step 2 of docs/deploy.md does."))
    return databases.check_books()


COMMANDS = (backup, restore)
