"""Where the databases are, and the narrow logins to write there: from the environment of this process."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from data_access.i18n import _
from data_access.problems import DatabaseProblem

SHARED_URL_VARIABLE = "MERIDIAN_DATABASE_URL"
CASES_URL_VARIABLE = "MERIDIAN_CASES_URL"
WRITE_URL_VARIABLE = "MERIDIAN_WRITE_URL"
CASES_WRITE_URL_VARIABLE = "MERIDIAN_CASES_WRITE_URL"
IMPORT_URL_VARIABLE = "MERIDIAN_IMPORT_URL"
LIVE_VARIABLE = "MERIDIAN_LIVE"
PUBLISHER_URL_VARIABLES = {"shared": "MERIDIAN_PUBLISHER_URL", "cases": "MERIDIAN_CASES_PUBLISHER_URL"}
UPLOADS_VARIABLE = "MERIDIAN_UPLOADS"
NARROW = {
    "overlap_verdict": "MERIDIAN_ANSWERS_URL",
    "export_log": "MERIDIAN_LOG_URL",
    "fault": "MERIDIAN_LOG_URL",
    "saved_view": "MERIDIAN_VIEWS_URL",
    "sign_in": "MERIDIAN_SESSIONS_URL",
    "people_change": "MERIDIAN_PEOPLE_URL",
    "live_key": "MERIDIAN_KEYS_URL",
    "contest": "MERIDIAN_CONTESTS_URL",
}
CHECKOUT = Path(__file__).parent.parent
SAMPLE_FOLDER = (CHECKOUT if (CHECKOUT / "pyproject.toml").exists() else Path.cwd()) / "var"
DEFAULT_SHARED_URL = f"sqlite:///{SAMPLE_FOLDER}/meridian.db"
DEFAULT_CASES_URL = f"sqlite:///{SAMPLE_FOLDER}/meridian-cases.db"


@dataclass(frozen=True)
class Urls:
    """Where the two databases are; `cases` is None on a deployment that must not know of cases."""

    shared: str
    cases: str | None


def urls_from_environment() -> Urls:
    """The URLs of this process. Without MERIDIAN_DATABASE_URL both default to the sample files under `var/`."""
    shared_url = os.environ.get(SHARED_URL_VARIABLE)
    cases_url = os.environ.get(CASES_URL_VARIABLE)
    if shared_url:
        return Urls(shared_url, cases_url or None)
    if cases_url:
        raise DatabaseProblem(
            _("{cases} is set, {variable} is not.").format(cases=CASES_URL_VARIABLE, variable=SHARED_URL_VARIABLE),
            _("Set both, or neither for the sample world."),
        )
    return Urls(DEFAULT_SHARED_URL, DEFAULT_CASES_URL if cases_url is None else None)


def primaries(urls: Urls) -> Urls:
    """Where records are written: MERIDIAN_WRITE_URL and MERIDIAN_CASES_WRITE_URL where `urls` name replicas, else `urls`."""
    own = os.environ.get(WRITE_URL_VARIABLE) or urls.shared
    return Urls(own, urls.cases and (os.environ.get(CASES_WRITE_URL_VARIABLE) or urls.cases))


def narrow_url(table: str, urls: Urls) -> str | None:
    """Where pages write to one table: a login of its own, named by a variable of `NARROW`; with SQLite the file.

    None: this deployment does not write there.
    """
    return _own_or_file(NARROW[table], urls)


def import_url(urls: Urls) -> str | None:
    """Where stewards' uploads are loaded: MERIDIAN_IMPORT_URL, a login of its own; with SQLite the file.

    None: this deployment takes no uploads, which is the default (MERIDIAN_UPLOADS=1 switches them on).
    """
    if os.environ.get(UPLOADS_VARIABLE) != "1":
        return None
    return _own_or_file(IMPORT_URL_VARIABLE, urls)


def publisher_urls(urls: Urls) -> Urls | None:
    """Where stewards try a publication on their page: a login of its own in each database; with SQLite the files.

    None: this deployment shows no such trial.
    """
    shared = _own_or_file(PUBLISHER_URL_VARIABLES["shared"], urls)
    cases = urls.cases and _own_or_file(PUBLISHER_URL_VARIABLES["cases"], urls, urls.cases)
    return Urls(shared, cases) if shared and cases else None


def _own_or_file(variable: str, urls: Urls, file: str | None = None) -> str | None:
    """The login that a variable names, none where it is empty; where it is not set the SQLite file itself."""
    own = os.environ.get(variable)
    if own is not None:
        return own or None
    file = file or urls.shared
    return file if make_url(file).get_backend_name() == "sqlite" else None


def parse(url: str) -> URL:
    """The address as SQLAlchemy knows it. Raises DatabaseProblem for anything but SQLite and PostgreSQL."""
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise DatabaseProblem(
            _("The database address is not a database URL."),
            _(
                "Set {variable} to something like sqlite:////srv/meridian.db or postgresql+psycopg://user@host/meridian."
            ).format(variable=SHARED_URL_VARIABLE),
        ) from None
    if parsed.get_backend_name() == "postgresql":
        return parsed.set(drivername="postgresql+psycopg")
    if parsed.get_backend_name() != "sqlite":
        raise DatabaseProblem(
            _("Meridian reads SQLite and PostgreSQL, not {kind}.").format(kind=parsed.get_backend_name()),
            _("Set {variable} to a URL that starts with sqlite:/// or postgresql://.").format(
                variable=SHARED_URL_VARIABLE
            ),
        )
    return parsed
