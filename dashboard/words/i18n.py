"""gettext for every text a reader sees. The language is a context variable: sessions are threads, never a global.

`_` translates now, `N_` marks a text that is translated later. Catalogues: `dashboard/words/locale`, see `make messages`.
"""

from __future__ import annotations

import gettext
from contextvars import ContextVar
from functools import lru_cache
from pathlib import Path

LOCALE_DIR = Path(__file__).parent / "locale"
DOMAIN = "meridian"
language: ContextVar[str] = ContextVar("language", default="en")


@lru_cache
def _catalogue(code: str) -> gettext.NullTranslations:
    return gettext.translation(DOMAIN, LOCALE_DIR, languages=[code], fallback=True)


def _(message: str) -> str:
    """`message` in the reader's language."""
    return _catalogue(language.get()).gettext(message)


def ngettext(one: str, many: str, n: int) -> str:
    """The form of a text for `n` things, in the reader's language."""
    return _catalogue(language.get()).ngettext(one, many, n)


def N_(message: str) -> str:  # noqa: N802
    """Mark `message` for extraction; translate it with `_` when it is shown."""
    return message
