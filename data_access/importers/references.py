"""References of our own for what outside files name: short, readable, the same for the same outside id every time."""

from __future__ import annotations

import hashlib
import re

from anyascii import anyascii

LONGEST = 60


def slug(name: str, outside_id: str) -> str:
    """A readable reference of an organisation or project: its name in Latin letters, and six signs of its id."""
    plain = re.sub(r"[^a-z0-9]+", "-", anyascii(name).lower()).strip("-")[: LONGEST - 7].strip("-")
    return f"{plain or 'unnamed'}-{_signs(outside_id, 6)}"


def reference(outside_id: str) -> str:
    """The outside id itself where it is short enough, else its beginning and eight signs of the whole."""
    return outside_id if len(outside_id) <= LONGEST else f"{outside_id[: LONGEST - 9]}-{_signs(outside_id, 8)}"


def _signs(text: str, count: int) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:count]
