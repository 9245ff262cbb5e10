"""What every page says to every role under ten choices, as JSON files in a folder: two checkouts that say the same write
the same files.

    .venv/bin/python -m benchmarks.answers FOLDER        databases as the environment names them; compare with `diff -r`
"""

from __future__ import annotations

import contextlib
import io
import sys
from pathlib import Path

from dashboard.commands.cli import main
from dashboard.page.registry import listed

ROLES = {
    "funder": ("--as", "funder"),
    "lt": ("--as", "coordinator", "--scope", "LT"),
    "all": ("--as", "coordinator"),
    "steward": ("--as", "steward"),
}
CHOICES = {
    "none": (),
    "country": ("--country", "LT", "--choice", "tier=highest", "--choice", "unit=projects"),
    "countries": ("--country", "DE,GE", "--choice", "gaps_by=activity", "--choice", "counting=share"),
    "activity": ("--activity", "legal_aid", "--choice", "confidence=sure", "--choice", "basis=registered"),
    "audience": ("--audience", "journalists", "--choice", "open_cliff=2026-10", "--choice", "list=all"),
    "from": ("--from", "2023-01", "--choice", "tier=budget", "--choice", "call_order=oldest"),
    "to": ("--to", "2024-12", "--choice", "open_newcomers=2023", "--choice", "horizon=365"),
    "state": ("--state", "--choice", "reason=no_country", "--choice", "confirmation=not_confirmed"),
    "dollars": ("--currency", "USD", "--choice", "open_account=passed_on", "--choice", "breakdown=route"),
    "narrow": ("--country", "LT", "--activity", "media", "--from", "2024-01", "--choice", "open_crossing=LT/media"),
}


def write(folder: Path) -> None:
    """One file per page, role and choice; what is refused is written as its sentence."""
    folder.mkdir(parents=True, exist_ok=True)
    for page in listed():
        for role, viewer in ROLES.items():
            for choice, asked in CHOICES.items():
                out = folder / f"{page}-{role}-{choice}.json"
                refusal = io.StringIO()
                with contextlib.redirect_stderr(refusal):
                    given = ("export", page, "--format", "json", "--export-id", "x", "--out", str(out))
                    status = main([*given, *viewer, *asked])
                if status:
                    out.write_text(refusal.getvalue())


if __name__ == "__main__":
    write(Path(sys.argv[1]))
