"""Who publishes open data, as each standard wants to be told."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Publisher:
    """`name` of the network that publishes; `prefix`, which its identifiers begin with (that of 360Giving without `360G-`, or
    the organisation identifier of IATI); `title` and `description` of what is published."""

    name: str
    prefix: str
    title: str
    description: str
