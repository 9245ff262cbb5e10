"""Writing spreadsheets: text stays text, so that nothing from data becomes a formula, a link or a number."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

INERT_TEXT = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}


def write_cell(page: Any, row: int, column: int, value: Any) -> None:
    """One cell by the kind of its value: numbers and yes/no typed, days as ISO text, nothing for None."""
    if value is None:
        return
    if isinstance(value, bool):
        page.write_boolean(row, column, value)
    elif isinstance(value, int | float | Decimal):
        page.write_number(row, column, float(value) if isinstance(value, Decimal) else value)
    elif isinstance(value, datetime | date):
        page.write_string(row, column, value.isoformat()[:10])
    else:
        page.write_string(row, column, str(value))
