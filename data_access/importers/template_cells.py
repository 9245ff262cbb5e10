"""Cells that our own workbook alone has: codes, addresses, sentences, references, rates and shares of countries."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from data_access.i18n import _
from data_access.importers import values, written_amounts
from data_access.importers.evidence import Evidence
from data_access.rates import MICRO, why_unlikely

CODE = re.compile(r"[a-z][a-z0-9_]{0,39}")
THREE_BEHIND = re.compile(r"(?P<whole>\d{1,3})(?P<mark>[.,])(?P<parts>\d{3})")
WEBSITE = re.compile(r"https?://[^\s<>\"']+")
LONGEST_ADDRESS, LONGEST_SENTENCE = 200, 400


def micro(cell: Any, evidence: Evidence | None) -> int | None:
    """A rate in millionths: 43,250 is 43 and a quarter where its column has decimals so elsewhere. Raises Bad where nothing tells it
    from thousands."""
    three = THREE_BEHIND.fullmatch(cell.strip()) if isinstance(cell, str) else None
    if three is None:
        rate = written_amounts.decimal(cell, evidence)
    elif evidence is not None and evidence.decimals_by(three["mark"]):
        rate = Decimal(f"{three['whole']}.{three['parts']}")
    else:
        raise values.Bad(_("is a rate that can be read in two ways."), _("Write it with four decimals, like 43.2500."))
    return None if rate is None else int((rate * MICRO).to_integral_value())


def likely_rate(currency: str, per_eur: int) -> int:
    """A rate in millionths that the currency can have had. Raises Bad."""
    if unlikely := why_unlikely(currency, Decimal(per_eur) / MICRO):
        raise values.Bad(unlikely, _("Write it the other way round."))
    return per_eur


def code_of(facet: str, code: str, vocabulary: Mapping[str, set[str]]) -> str | None:
    """A facet's value: a code of the network's list, or a country. Raises Bad."""
    return values.country(code) if facet == "host_country" else values.one_of(code, sorted(vocabulary.get(facet, ())))


def code(cell: Any) -> str | None:
    """A code of a list. Raises Bad."""
    word = values.text(cell)
    if word is not None and not CODE.fullmatch(word):
        raise values.Bad(
            _("is not a code."), _("Write small letters, digits and _, at most 40 of them, a letter first.")
        )
    return word


def website(cell: Any) -> str | None:
    """A web address. Raises Bad."""
    address = values.text(cell)
    if address is not None and (not WEBSITE.fullmatch(address) or len(address) > LONGEST_ADDRESS):
        raise values.Bad(_("is not a web address."), _("Write it like https://example.org, at most 200 characters."))
    return address


def sentence(cell: Any) -> str | None:
    """A text of a sentence or two. Raises Bad."""
    said = values.text(cell)
    if said is not None and len(said) > LONGEST_SENTENCE:
        raise values.Bad(_("is longer than 400 characters."), _("Say it in one or two sentences."))
    return said


def reference(cell: Any) -> str | None:
    """An outside id. Raises Bad."""
    name = values.text(cell)
    if name is not None and len(name) > 60:
        raise values.Bad(_("is longer than 60 characters."), _("Use a shorter reference."))
    return name


def shares(cell: Any) -> dict[str, int | None] | None:
    """'GE 60; DE 40' -> basis points per country; a country without per cent has no share."""
    line = values.text(cell)
    if line is None:
        return None
    found: dict[str, int | None] = {}
    for part in line.replace(",", ";").split(";") if ";" in line or "," in line else [line]:
        words = part.replace("%", " ").split()
        if not words:
            continue
        number = written_amounts.decimal(words[-1]) if words[-1][0].isdigit() else None
        name = " ".join(words[:-1] if number is not None else words)
        country = values.country(name)
        if country is None or (number is not None and not 0 <= number <= 100):
            raise values.Bad(_("is not countries with per cent."), _("Write it like GE 60; DE 40."))
        found[country] = None if number is None else int(number * 100)
    return found
