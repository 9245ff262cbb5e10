"""Exchange rates from outside: the European Central Bank's, bundled with a package, and a CSV for the others."""

from __future__ import annotations

import csv
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path

import pandas as pd
from currency_converter import CURRENCY_FILE
from sqlalchemy import Engine, delete, insert

from data_access import meta
from data_access.i18n import _
from data_access.schema import fx_rate

BUNDLED = "European Central Bank reference rates"
COLUMNS = ("currency", "date", "per_eur")
MICRO = 1_000_000


EURO = "EUR"
USUAL: dict[str, tuple[Decimal, Decimal]] = {
    "USD": (Decimal("0.95"), Decimal("1.65")),
    "GBP": (Decimal("0.55"), Decimal("0.99")),
    "CHF": (Decimal("0.85"), Decimal("1.70")),
    **dict.fromkeys(
        ("KWD", "BHD", "OMR", "JOD", "GIP", "FKP", "SHP", "KYD", "BMD", "BSD", "PAB"), (Decimal("0.25"), Decimal(2))
    ),
}
"""Between which rates the currencies have been that are worth about a euro or more, since 2003; of all others a euro buys more than one."""


class BadRates(ValueError):
    """The file cannot be loaded; the message names row, column, value and what to do."""


def bundled(since: date) -> list[dict[str, object]]:
    """Rows of `fx_rate` from the bundled reference rates, from `since` on."""
    table = pd.read_csv(CURRENCY_FILE, compression="zip", parse_dates=["Date"], na_values=["N/A"])
    recent = table[table["Date"].dt.date >= since].drop(columns=[c for c in table if c.startswith("Unnamed")])
    rates = recent.melt(id_vars="Date", var_name="currency", value_name="rate").dropna()
    return [
        {"currency": r.currency, "on_date": r.Date.date(), "micro_per_eur": round(r.rate * MICRO), "rate_set": BUNDLED}
        for r in rates.itertuples()
    ]


def from_csv(path: Path) -> list[dict[str, object]]:
    """Rows of `fx_rate` from a CSV with the columns currency, date (YYYY-MM-DD) and per_eur (units for one euro).

    Raises BadRates at the first row that cannot be true.
    """
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        if missing := [column for column in COLUMNS if column not in (reader.fieldnames or ())]:
            said = _("{file}: the column {column} is missing; the header is {header}.")
            raise BadRates(said.format(file=path.name, column=repr(missing[0]), header=",".join(COLUMNS)))
        return [_row(path.name, number, row) for number, row in enumerate(reader, 2)]


def _row(file: str, number: int, row: dict[str, str]) -> dict[str, object]:
    def bad(column: str, fault: str) -> BadRates:
        said = _("{file}, row {row}, column {column}: {fault}")
        return BadRates(said.format(file=file, row=number, column=column, fault=fault.format(cell=repr(row[column]))))

    if not (len(row["currency"] or "") == 3 and row["currency"].isalpha() and row["currency"].isupper()):
        raise bad("currency", _("{cell} is not a currency code such as GEL."))
    try:
        day = date.fromisoformat(row["date"] or "")
    except ValueError:
        raise bad("date", _("{cell} is not a date such as 2026-10-18.")) from None
    try:
        rate = Decimal(row["per_eur"] or "")
    except InvalidOperation:
        raise bad("per_eur", _("{cell} is not a number such as 2.95.")) from None
    if not (rate.is_finite() and round(rate * MICRO) > 0):
        raise bad("per_eur", _("{cell} is not a rate above zero."))
    if unlikely := why_unlikely(row["currency"], rate):
        raise bad("per_eur", f"{{cell}} {unlikely}")
    return {"currency": row["currency"], "on_date": day, "micro_per_eur": round(rate * MICRO), "rate_set": file}


def why_unlikely(currency: str, rate: Decimal) -> str | None:
    """Why a rate (units for one euro) is none that the currency can have had, such as one written the other way round; None when
    it may be."""
    if currency == EURO:
        return None if rate == 1 else _("is not 1, which is what a euro is in euros.")
    low, high = USUAL.get(currency, (Decimal(1), None))
    if rate < low or (high is not None and rate > high):
        return _("looks like euros for one {currency}: units of the currency for one euro are needed.").format(
            currency=currency
        )
    return None


def store(engine: Engine, rows: list[dict[str, object]]) -> int:
    """Put `rows` into `fx_rate` in one transaction, replacing rates of the same currency and day; returns how many."""
    with engine.begin() as connection:
        for row in rows:
            same = (fx_rate.c.currency == row["currency"]) & (fx_rate.c.on_date == row["on_date"])
            connection.execute(delete(fx_rate).where(same))
        if rows:
            connection.execute(insert(fx_rate), rows)
            meta.move(connection, "shared")
    return len(rows)
