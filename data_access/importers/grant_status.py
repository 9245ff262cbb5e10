"""What somebody's list says a grant is: signed, promised, cancelled, or asked for and not granted."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from data_access.i18n import _
from data_access.importers import values

NOT_GRANTED = "not_granted"
REFUSED = ("reject", "declin", "unsuccess", "отказ", "отклон", "відмов", "відхил", "abgelehnt", "rejet", "odrzuc")
BEGINNINGS: dict[str, tuple[str, ...]] = {
    "commitment": ("sign", "approv", "award", "grant", "accept", "funded", "funding", "active", "running", "ongoing", "complet", "closed", "paid",
                   "ended", "finish", "confirm", "committed", "commitment", "contract", "подпис", "одобр", "утвержд", "выдан", "выдел", "выплач",
                   "заверш", "закрыт", "действ", "активн", "заключ", "исполн", "реализ", "поддерж", "підпис", "схвал", "затвердж",
                   "bewilligt", "unterzeichnet", "laufend", "läuft", "aktiv", "abgeschlossen", "ausgezahlt", "beendet", "zugesagt",
                   "zusage", "accord", "signé", "przyznan", "podpisan"),
    "pledge": ("pledg", "promis", "обещ", "versprochen"),
    "cancelled": ("cancel", "terminat", "revok", "отмен", "расторг", "прекращ", "storniert", "widerrufen", "annul"),
    NOT_GRANTED: (*REFUSED, "refus", "denied", "unfunded", "withdr", "pend", "review", "submi", "appl", "draft", "planned", "waiting",
                  "request", "considera", "open", "отозв", "рассм", "подан", "подали", "заявк", "запрош", "запрос", "чернов", "ожида",
                  "план", "готов", "розгля", "очіку", "absage", "zurückgezogen", "beantragt", "antrag", "prüfung", "geplant", "offen",
                  "entwurf", "wartet", "eingereicht", "attente", "oczekuj", "await", "contracting", "fundrais", "gap", "expect", "ausstehend",
                  "lost", "pipeline", "wish", "prospect"),
}  # fmt: skip
"""How words begin by which lists say what became of a grant."""
NEGATIONS = frozenset({"not", "no", "non", "не", "нет", "ні", "nicht", "kein", "nie", "without", "без", "ohne", "sans"})
AHEAD = frozenset((
    "to", "for", "will", "soon", "seeking", "sought", "almost", "partly", "sent", "back", "verbally", "recommended", "conditional",
    "conditionally", "provisional", "provisionally", "principle", "на", "будет", "будут", "должны", "должен", "скоро", "почти",
    "предварительно", "устно", "условно", "частично", "wird", "bald", "fast", "teilweise", "mündlich", "vorläufig", "vorbehalt",
    "principe",
))  # fmt: skip
"""Words beside which a state is still to come, or only half true."""
BESIDE_A_STATE = frozenset((
    "grant", "grants", "application", "applications", "project", "projects", "proposal", "proposals", "donor", "donors", "yet", "be", "is",
    "are", "and", "by", "with", "in", "under", "list", "still", "грант", "гранты", "проект", "проекты", "ещё", "еще", "пока", "и", "förderung",
    "förderungen", "projekt", "projekte", "noch", "und", "zu",
))  # fmt: skip
MOST_WORDS = 4


def status_of(cell: Any) -> str | None:
    """One of `schema.GRANT_STATUSES`, or `NOT_GRANTED`; None for an empty cell. Raises Bad for words that say neither, or two."""
    said = values.text(cell)
    if said is None:
        return None
    words = [word for word in _words(said) if word not in BESIDE_A_STATE] or _words(said)
    found = {status for word in words for status, begins in BEGINNINGS.items() if word.startswith(begins)}
    if len(found) != 1 or "?" in said or (NEGATIONS | (AHEAD if found == {"commitment"} else set())) & set(words):
        raise values.Bad(
            _("does not say whether the grant is signed."),
            _("Write signed, pledged, cancelled or rejected, or say how to read it."),
        )
    return found.pop()


def says_refused(cell: Any) -> bool:
    """Whether a short text outside of a column of states says that something was refused."""
    words = _words(cell) if isinstance(cell, str) else []
    return 0 < len(words) <= MOST_WORDS and any(word.startswith(REFUSED) for word in words)


@lru_cache
def is_of_state(section: str) -> bool:
    """Whether the head of a section says what became of the grants below it; one with words of another kind is a name, such as that
    of a payer called Open Society."""
    words = _words(section)
    begins = tuple(begin for several in BEGINNINGS.values() for begin in several)
    states = [word for word in words if word.startswith(begins)]
    return (
        bool(states)
        and len(words) <= MOST_WORDS
        and all(word in states or word in BESIDE_A_STATE | NEGATIONS | AHEAD for word in words)
    )


def _words(said: str) -> list[str]:
    return re.findall(r"[^\W\d_]+", said.casefold())
