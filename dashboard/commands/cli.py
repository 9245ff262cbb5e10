"""The `meridian` command: init, check, refresh, publish, export, brief, import, rates, serve and the like.

It trusts whoever holds the database credentials.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from contextvars import copy_context
from pathlib import Path

import click
from sqlalchemy.exc import SQLAlchemyError

from dashboard.commands import (
    backups,
    databases,
    digest,
    doctor,
    export,
    load,
    merges,
    overlap,
    people,
    publish,
    publish_data,
    rates,
    same_money,
    setup,
    speaking,
)
from dashboard.commands.refusal import Refused
from data_access.i18n import N_, _
from data_access.problems import DatabaseProblem

ROOT = Path(__file__).parent.parent.parent
INSTALLED = Path(sys.prefix) / "share" / "meridian"


@speaking.group(
    context_settings={"help_option_names": ["-h", "--help"]},
    help=N_(
        "The `meridian` command: init, check, refresh, publish, export, brief, import, rates, serve and the like.\n\n"
        "It trusts whoever holds the database credentials."
    ),
)
@speaking.language
def meridian() -> None:
    """Everything a person types."""


for _module in (
    databases,
    load,
    merges,
    same_money,
    export,
    publish,
    publish_data,
    overlap,
    rates,
    people,
    digest,
    backups,
    setup,
    doctor,
):
    for _command in _module.COMMANDS:
        meridian.add_command(_command)


@meridian.command(help=N_("Serve the dashboard."))
@click.option("--port", type=int, default=8501, show_default=True)
def serve(port: int) -> None:
    """Serve the dashboard."""
    settings = ROOT if (ROOT / ".streamlit").exists() else INSTALLED
    if not (settings / ".streamlit" / "config.toml").exists():
        raise Refused(
            _("{folder}/.streamlit/config.toml is missing; without it nothing is served.").format(folder=settings)
        )
    print(f"Meridian: http://localhost:{port}", flush=True)
    os.chdir(settings)
    command = ["-m", "streamlit", "run", str(ROOT / "streamlit_app.py"), "--server.port", str(port)]
    os.execve(sys.executable, [sys.executable, *command], os.environ | {"PYTHONPATH": str(ROOT)})


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse and run; returns the exit code. Problems are one sentence on stderr, never a traceback."""
    return copy_context().run(_run, arguments)


def _run(arguments: Sequence[str] | None) -> int:
    """In a context of its own, so that the language is that of this command alone."""
    try:
        speaking.speak_as_here()
        return int(meridian.main(arguments, prog_name="meridian", standalone_mode=False) or 0)
    except click.exceptions.Abort:
        return 130
    except click.ClickException as problem:
        problem.show()
        return problem.exit_code
    except DatabaseProblem as problem:
        Refused(str(problem)).show()
    except OSError as problem:
        where = problem.filename or _("a file")
        Refused(f"{where}: {problem.strerror}.").show()
    except SQLAlchemyError as error:
        first = _first(error)
        Refused(_("the database refused: {why}").format(why=getattr(first, "orig", first))).show()
    return 1


def _first(error: BaseException) -> BaseException:
    """What went wrong first: a disk that is full ends the transaction, and taking that back fails as well."""
    first, earlier = error, error.__context__
    while earlier is not None:
        first, earlier = (earlier if isinstance(earlier, SQLAlchemyError) else first), earlier.__context__
    return first


if __name__ == "__main__":
    sys.exit(main())
