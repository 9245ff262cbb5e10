"""The reader's choices as one frozen value: empty means all. Knows its short URL form and nothing of widgets."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace

MONTH = re.compile(r"^(20\d\d)-(0[1-9]|1[0-2])$")
MAX_CHOICES = 60
BETWEEN, ESCAPE = ".", "~"


def joined(values: Sequence[str]) -> str:
    """Values as one short text for an address; a point within a value is written so that it never parts two."""
    return BETWEEN.join(value.replace(ESCAPE, "~0").replace(BETWEEN, "~1") for value in values)


def parted(text: str) -> list[str]:
    """The values of `joined`, empty ones left out."""
    return [part.replace("~1", BETWEEN).replace("~0", ESCAPE) for part in text.split(BETWEEN) if part]


def _list(name: str) -> tuple[str, ...]:
    """A filter of several values: `name` is its key in addresses and on the command line; what it chooses is its row in
    `queries.choosing`."""
    return field(default=(), metadata={"name": name})


@dataclass(frozen=True)
class Filters:
    """Host countries (ISO alpha-2), activity and audience codes, funder slugs, months YYYY-MM, and scope."""

    host_countries: tuple[str, ...] = _list("country")
    activities: tuple[str, ...] = _list("activity")
    audiences: tuple[str, ...] = _list("audience")
    funders: tuple[str, ...] = _list("funder")
    since: str | None = None
    until: str | None = None
    include_state_linked: bool = False

    @property
    def are_narrow(self) -> bool:
        """Whether initiatives, projects or money are chosen; a period chooses none of them."""
        return any(getattr(self, key) for key in LISTS.values())

    def to_parameters(self) -> dict[str, str]:
        """Only what differs from the default, as short readable URL parameters."""
        parameters = {name: joined(getattr(self, key)) for name, key in LISTS.items() if getattr(self, key)}
        if self.since:
            parameters["from"] = self.since
        if self.until:
            parameters["to"] = self.until
        if self.include_state_linked:
            parameters["state"] = "1"
        return parameters

    def without(self, name: str, value: str | None = None) -> Filters:
        """These filters with one choice removed, or the whole field reset."""
        if value is not None:
            return replace(self, **{name: tuple(v for v in getattr(self, name) if v != value)})  # type: ignore[arg-type]
        return replace(self, **{name: getattr(Filters(), name)})


LISTS = {found.metadata["name"]: found.name for found in fields(Filters) if found.metadata}
PARAMETERS = (*LISTS, "from", "to", "state")


def from_parameters(
    parameters: Mapping[str, str], allowed: Mapping[str, Sequence[str]]
) -> tuple[Filters, tuple[str, ...]]:
    """Filters read from URL parameters, and the names of parameters that held something not on offer.

    `allowed` maps the names of `LISTS` to the values this viewer may choose. What is not allowed
    is dropped; a forbidden and an unknown value are treated alike. More values than `MAX_CHOICES` are cut, and named too.
    """
    dropped: list[str] = []
    choices: dict[str, object] = {}
    for name, key in LISTS.items():
        asked = list(dict.fromkeys(parted(parameters.get(name, ""))))
        kept = tuple(value for value in asked[:MAX_CHOICES] if value in allowed.get(name, ()))
        if len(kept) < len(asked):
            dropped.append(name)
        choices[key] = kept
    for name, key in {"from": "since", "to": "until"}.items():
        value = parameters.get(name)
        if value and not MONTH.match(value):
            dropped.append(name)
            value = None
        choices[key] = value or None
    since, until = choices["since"], choices["until"]
    if isinstance(since, str) and isinstance(until, str) and since > until:
        dropped.append("to")
        choices["until"] = None
    choices["include_state_linked"] = parameters.get("state") == "1"
    return Filters(**choices), tuple(dropped)  # type: ignore[arg-type]
