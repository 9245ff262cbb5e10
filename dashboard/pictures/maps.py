"""Frame -> pydeck Deck: country shapes from our own server, one label point per country, no basemap, no other host."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path

import pandas as pd
import pydeck as pdk

from dashboard.metrics.distribution import bubble_radius

SHAPES = "/app/static/countries.geojson"
POINTS = Path(__file__).parent / "country_points.json"
LARGEST_RADIUS = 34
LIGHT = {
    "sea": [240, 244, 248],
    "land": [255, 255, 255],
    "edge": [190, 199, 209],
    "bubble": [18, 67, 109, 190],
    "leaving": [244, 106, 37, 200],
    "ink": [27, 39, 51],
}
DARK = {
    "sea": [16, 22, 29],
    "land": [38, 49, 61],
    "edge": [70, 84, 99],
    "bubble": [107, 172, 230, 190],
    "leaving": [255, 160, 100, 200],
    "ink": [230, 235, 240],
}
WORLD = [[-180, -85], [-60, -85], [60, -85], [180, -85], [180, 85], [60, 85], [-60, 85], [-180, 85]]


class CompactDeck(pdk.Deck):
    """pydeck indents its JSON, which makes it six times larger on the wire."""

    def to_json(self) -> str:
        return json.dumps(json.loads(super().to_json()), separators=(",", ":"), ensure_ascii=False)


@lru_cache
def label_points() -> dict[str, list[float]]:
    """Country code -> [longitude, latitude] of its label."""
    return json.loads(POINTS.read_text())


def bubbles(rows: pd.DataFrame, *, dark: bool) -> CompactDeck:
    """One bubble per country, area by value. `rows`: place, value, title, line (tooltip words)."""
    colours = DARK if dark else LIGHT
    known = rows[rows["place"].isin(list(label_points()))]
    radius = bubble_radius(known["value"].astype(float), LARGEST_RADIUS)
    points = [
        {
            "place": r.place,
            "position": label_points()[r.place],
            "radius": round(float(size), 1),
            "title": r.title,
            "line": r.line,
            "value": str(r.value),
        }
        for r, size in zip(known.itertuples(), radius, strict=True)
    ]
    pixels = pdk.types.String("pixels")
    layers = [
        pdk.Layer(
            "ScatterplotLayer",
            id="places",
            data=points,
            get_position="position",
            get_radius="radius",
            radius_units=pixels,
            get_fill_color=colours["bubble"],
            stroked=True,
            get_line_color=colours["land"],
            line_width_units=pixels,
            get_line_width=1.2,
            pickable=True,
            auto_highlight=True,
        ),
        pdk.Layer(
            "TextLayer",
            id="counts",
            data=[p for p in points if p["radius"] >= 11],
            get_position="position",
            get_text="value",
            get_size=13,
            get_color=colours["land"],
            font_weight=600,
        ),
    ]
    return _deck(layers, colours)


def _deck(layers: list[pdk.Layer], colours: dict[str, list[int]]) -> CompactDeck:
    """`layers` over the sea and the countries' shapes."""
    sea = pdk.Layer(
        "PolygonLayer", id="sea", data=[{"p": WORLD}], get_polygon="p", get_fill_color=colours["sea"], stroked=False
    )
    land = pdk.Layer(
        "GeoJsonLayer",
        id="land",
        data=SHAPES,
        get_fill_color=colours["land"],
        get_line_color=colours["edge"],
        line_width_min_pixels=0.7,
    )
    return CompactDeck(
        layers=[sea, land, *layers],
        map_provider=None,
        initial_view_state=pdk.ViewState(latitude=49, longitude=27, zoom=2.6, min_zoom=1, max_zoom=6),
        views=[pdk.View(type="MapView", controller=True, repeat=False)],
        tooltip={"html": "<b>{title}</b><br/>{line}"},
    )


def arcs(rows: pd.DataFrame, *, dark: bool) -> CompactDeck:
    """An arc per way from country to country, width by number. `rows`: waiting_country, host_country, episodes, title,
    line (tooltip words)."""
    colours = DARK if dark else LIGHT
    most = max(1, int(rows["episodes"].max()))
    ways = [
        {
            "from": label_points()[r.waiting_country],
            "to": label_points()[r.host_country],
            "width": round(1 + 9 * r.episodes / most, 1),
            "title": r.title,
            "line": r.line,
        }
        for r in rows.itertuples()
    ]
    layer = pdk.Layer(
        "ArcLayer",
        id="ways",
        data=ways,
        get_source_position="from",
        get_target_position="to",
        get_width="width",
        get_source_color=colours["leaving"],
        get_target_color=colours["bubble"],
        get_height=0.4,
        pickable=True,
        auto_highlight=True,
    )
    return _deck([layer], colours)
