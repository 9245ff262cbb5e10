"""Text as plain HTML, one element each: in the browser a paragraph of Markdown costs several times as much at every click."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable
from typing import Literal

import streamlit as st

CODE = re.compile(r"`([^`]+)`")


def safe(text: str) -> str:
    """Text from the database or a computed sentence, made harmless for HTML."""
    return html.escape(text, quote=True)


def _told(text: str) -> str:
    """Harmless text; what stands between backticks, as a command does, looks like it."""
    return CODE.sub(r"<code>\1</code>", safe(text))


def answer(sentence: str) -> None:
    """The page's computed answer, under its title."""
    st.html(f'<h2 class="meridian-answer">{safe(sentence)}</h2>')


def heading(title: str, note: str = "", *, level: int) -> None:
    """The title of what follows, and what is said of it in small print."""
    said = f'<p class="meridian-note">{_told(note)}</p>' if note else ""
    st.html(f'<h{level} class="meridian-heading">{safe(title)}</h{level}>{said}')


def note(text: str, width: Literal["stretch", "content"] = "stretch") -> None:
    """A line in small print."""
    st.html(f'<p class="meridian-note">{_told(text)}</p>', width=width)


def sentence(text: str) -> None:
    """A paragraph."""
    st.html(f'<p class="meridian-text">{_told(text)}</p>')


def listing(points: Iterable[str] = (), facts: Iterable[tuple[str, str]] = ()) -> None:
    """A list of sentences, then of names, each with what is known of it."""
    said = [*map(_told, points), *(f"<strong>{safe(name)}</strong>: {_told(text)}" for name, text in facts)]
    st.html(f'<ul class="meridian-text">{"".join(f"<li>{item}</li>" for item in said)}</ul>')
