"""Lists to choose a name from: no two names in a list are alike, and of a long list only what a reader looks for is sent.

The browser sends back the name that was chosen, not its key: of two that are written alike Streamlit takes the last.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from itertools import islice

import streamlit as st
from streamlit.elements.lib.layout_utils import WidthWithoutContent

from dashboard.screen import texts
from dashboard.words import written
from data_access import search
from data_access.i18n import _, ngettext

MOST_LISTED = 200


def offered(
    label: str,
    names: Mapping[str, str],
    state: str,
    *,
    first: Iterable[str] | None = None,
    width: WidthWithoutContent = "stretch",
) -> dict[str, str]:
    """The names to list, by key, in their order: all of a short list; of one longer than `MOST_LISTED` as many of those that hold
    what is typed into a field drawn here, and what is chosen.

    `label` of the list; `state`: the key of the choice in the session; `first`: the keys to list while nothing is typed, in the
    order of `names` unless given; `width` of the field.
    """
    if len(names) <= MOST_LISTED:
        return told_apart(names, names)
    chosen = st.session_state.get(state)
    kept = {chosen} if isinstance(chosen, str) else set(chosen or ())
    words = st.text_input(
        _("{list}: search among {n} names").format(list=label, n=written.number(len(names))),
        key=f"search_{state}",
        placeholder=_("part of a name, in any script"),
        width=width,
    )
    listed = kept | {
        *(_holding(names, words) if words.strip() else islice(names if first is None else first, MOST_LISTED))
    }
    return told_apart(names, [key for key in names if key in listed])


def told_apart(names: Mapping[str, str], keys: Collection[str]) -> dict[str, str]:
    """These of the names; one that another bears as well is written with its key."""
    borne = Counter(names.values())
    return {key: names[key] if borne[names[key]] == 1 else f"{names[key]} · {key}" for key in keys}


def _holding(names: Mapping[str, str], words: str) -> list[str]:
    """The keys of the first names that hold these words; how many do is said where they are none or more."""
    found = search.found(names, words)
    if not found:
        texts.note(_("No name holds these words."))
    elif len(found) > MOST_LISTED:
        said = ngettext(
            "{n} name holds these words, the first {k} are listed.",
            "{n} names hold these words, the first {k} are listed.",
            len(found),
        )
        texts.note(said.format(n=written.number(len(found)), k=written.number(MOST_LISTED)))
    return found[:MOST_LISTED]
