"""gettext for every text a reader sees. The language is a context variable: sessions are threads, never a global.

`_` translates now, `N_` marks a text that is translated later. A language is a catalogue in `data_access/locale`, and nothing
else (see `make messages`).
"""

from __future__ import annotations

import gettext
from contextvars import ContextVar
from functools import lru_cache
from io import BytesIO
from pathlib import Path

from babel import Locale, UnknownLocaleError
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal

LOCALE_DIR = Path(__file__).parent / "locale"
DOMAIN = "meridian"
SOURCE = "en"
"""The language of the texts in the code."""
language: ContextVar[str] = ContextVar("language", default=SOURCE)


@lru_cache
def languages() -> dict[str, str]:
    """The languages there are, each by its own name: English and every catalogue."""
    found = sorted(path.parent.parent.name for path in LOCALE_DIR.glob(f"*/LC_MESSAGES/{DOMAIN}.po"))
    return {code: _own_name(code) for code in (SOURCE, *found)}


def _own_name(code: str) -> str:
    try:
        name = Locale.parse(code).get_display_name(code) or code
    except (UnknownLocaleError, ValueError):
        return code
    return name[:1].upper() + name[1:]


def spoken(asked: str | None) -> str | None:
    """The language of a tag such as `de-AT`, if there is one; else None."""
    code = (asked or "").replace("_", "-").split("-")[0].split(".")[0].lower()
    return code if code in languages() else None


@lru_cache
def _catalogue(code: str) -> gettext.NullTranslations:
    """The catalogue as people edit it, made readable in memory: nothing compiled lies about that could be older than it."""
    path = LOCALE_DIR / code / "LC_MESSAGES" / f"{DOMAIN}.po"
    if not path.exists():
        return gettext.NullTranslations()
    made = BytesIO()
    with path.open("rb") as file:
        write_mo(made, read_po(file, locale=code))
    made.seek(0)
    return gettext.GNUTranslations(made)


def _(message: str) -> str:
    """`message` in the reader's language."""
    return _catalogue(language.get()).gettext(message)


def ngettext(one: str, many: str, n: int) -> str:
    """The form of a text for `n` things, in the reader's language."""
    return _catalogue(language.get()).ngettext(one, many, int(n))


def in_digits(value: float, digits: int = 0) -> str:
    """A number with its language's signs between thousands and before `digits` decimals."""
    return format_decimal(
        round(value, digits), format="#,##0" + "." * bool(digits) + "0" * digits, locale=language.get()
    )


def N_(message: str) -> str:  # noqa: N802
    """Mark `message` for extraction; translate it with `_` when it is shown."""
    return message
