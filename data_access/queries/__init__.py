"""Filters + Viewer -> Query, one module per topic. A query cannot be built without a viewer."""

from data_access.queries import (
    choices,
    contested,
    funding,
    initiatives,
    money,
    network,
    overlap,
    provenance,
    relocation,
)

__all__ = ["choices", "contested", "funding", "initiatives", "money", "network", "overlap", "provenance", "relocation"]
