"""Text from the database made harmless for Streamlit's Markdown."""

from __future__ import annotations

import re

AUTOLINK = re.compile(r":(?=//)|@|\bwww(?=\.)", re.IGNORECASE)


def plain(text: str) -> str:
    """Text from the database or a computed sentence, with every Markdown sign made harmless.

    Bare addresses become links even when escaped, so a zero-width space parts them.
    """
    parted = AUTOLINK.sub(lambda found: found[0] + "\u200b", text)
    return "".join(f"\\{c}" if c in "\\`*_{}[]()<>#+!|~$:" else c for c in parted)


def strong(text: str) -> str:
    """A text as it is, in bold."""
    return f"**{plain(text)}**"
