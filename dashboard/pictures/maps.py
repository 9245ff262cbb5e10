"""Frame -> pydeck Deck: country shapes from our own server, one label point per country, no basemap, no other host."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import combinations
from pathlib import Path
from typing import Any

import pandas as pd
import pydeck as pdk

from dashboard.metrics.distribution import bubble_radius

SHAPES = "/app/static/countries.geojson"
POINTS = Path(__file__).parent / "country_points.json"
LARGEST_RADIUS, COUNTED_FROM = 28, 9
NAME_SIZE, LETTER, BESIDE = 11, 6.4, 9
WIDEST_DEGREES, HIGHEST_DEGREES, ROOM_DEGREES = 70, 40, 9
BESIDE_A_CHART, WHOLE_WIDTH, MAP_HEIGHT = 350, 900, 440
TILE, PUSHES = 512, 200
NO_OFFSET: list[int] = [0, 0]
FONT = pdk.types.String("Source Sans, sans-serif")
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


def in_frame(weights: Mapping[str, float]) -> list[str]:
    """The countries that fit one map at a size at which they can be told apart: around where most of `weights` is, the
    farthest left out first."""
    places = sorted(place for place in weights if place in label_points())
    while len(places) > 1:
        total = sum(weights[place] for place in places) or 1
        centre = [sum(label_points()[place][axis] * weights[place] for place in places) / total for axis in (0, 1)]
        spans = [_span(places, axis) for axis in (0, 1)]
        if spans[0] <= WIDEST_DEGREES and spans[1] <= HIGHEST_DEGREES:
            break
        places.remove(max(places, key=lambda place: math.dist(label_points()[place], centre)))
    return places


def _span(places: Sequence[str], axis: int) -> float:
    reached = [label_points()[place][axis] for place in places]
    return max(reached) - min(reached)


def _view(places: Sequence[str], pixels: int) -> pdk.ViewState:
    """The part of the world that holds these countries, with room around them, on a map that is so many pixels wide."""
    if not places:
        return pdk.ViewState(latitude=49, longitude=27, zoom=2.6, min_zoom=1, max_zoom=6)
    west, south = (min(label_points()[place][axis] for place in places) for axis in (0, 1))
    wide, high = _span(places, 0) + ROOM_DEGREES, _span(places, 1) + ROOM_DEGREES
    middle = south + (high - ROOM_DEGREES) / 2
    stretched = high / math.cos(math.radians(min(75, abs(middle))))
    zoom = min(math.log2(pixels * 360 / 512 / wide), math.log2(MAP_HEIGHT * 360 / 512 / stretched))
    return pdk.ViewState(
        latitude=middle,
        longitude=west + (wide - ROOM_DEGREES) / 2,
        zoom=round(min(4.5, max(1, zoom)), 2),
        min_zoom=1,
        max_zoom=6,
    )


def bubbles(rows: pd.DataFrame, *, dark: bool) -> CompactDeck:
    """One bubble per country, area by value, moved apart where they would hide each other, and named where there is room.
    `rows`: place, value, title, line (tooltip words)."""
    colours = DARK if dark else LIGHT
    known = rows[rows["place"].isin(list(label_points()))].sort_values("value", ascending=False, kind="stable")
    radius = bubble_radius(known["value"].astype(float), LARGEST_RADIUS)
    view = _view(in_frame(dict(zip(known["place"], known["value"].astype(float), strict=True))), BESIDE_A_CHART)
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
    _move_apart(points, view.zoom)
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
        _texts("counts", [p for p in points if p["radius"] >= COUNTED_FROM], "value", 12, colours["land"]),
        _texts("names", _with_room(points, view, BESIDE_A_CHART), "title", NAME_SIZE, colours["ink"], "beside"),
    ]
    return _deck(layers, colours, view)


def _texts(
    key: str,
    data: Sequence[dict[str, Any]],
    text: str,
    size: int,
    colour: Sequence[int],
    offset: str | list[int] = NO_OFFSET,
    around: Sequence[int] | None = None,
) -> pdk.Layer:
    """Texts at the points of `data`, each `offset` by pixels; where they lie over lines on a ground of the colour `around`."""
    ground = (
        {"background": True, "get_background_color": [*around, 210], "background_padding": [3, 1]} if around else {}
    )
    return pdk.Layer(
        "TextLayer",
        id=key,
        data=list(data),
        get_position="position",
        get_text=text,
        get_size=size,
        get_color=colour,
        get_pixel_offset=offset,
        character_set=pdk.types.String("auto"),
        font_family=FONT,
        font_weight=600,
        parameters={"depthTest": False, "depthCompare": pdk.types.String("always")},
        **ground,
    )


def _pixels(position: Sequence[float], zoom: float) -> tuple[float, float]:
    """Where [longitude, latitude] lies at a zoom, in pixels from the map's north-west corner."""
    world = TILE * 2**zoom
    north = math.log(math.tan(math.pi / 4 + math.radians(position[1]) / 2))
    return (position[0] + 180) / 360 * world, (1 - north / math.pi) / 2 * world


def _position(x: float, y: float, zoom: float) -> list[float]:
    """The [longitude, latitude] of a place in pixels."""
    world = TILE * 2**zoom
    north = (1 - 2 * y / world) * math.pi
    return [round(x / world * 360 - 180, 3), round(math.degrees(2 * math.atan(math.exp(north)) - math.pi / 2), 3)]


def _move_apart(points: Sequence[dict[str, Any]], zoom: float) -> None:
    """Push bubbles that lie over each other apart, the smaller one further, until they only touch."""
    centres = [list(_pixels(point["position"], zoom)) for point in points]
    for _push in range(PUSHES):
        is_still = True
        for (one, a), (other, b) in combinations(zip(points, centres, strict=True), 2):
            gap = one["radius"] + other["radius"] + 1 - math.dist(a, b)
            if gap <= 0:
                continue
            is_still = False
            angle = math.atan2(b[1] - a[1], b[0] - a[0])
            share = one["radius"] ** 2 / (one["radius"] ** 2 + other["radius"] ** 2)
            for centre, step in ((a, -gap * (1 - share)), (b, gap * share)):
                centre[0] += step * math.cos(angle)
                centre[1] += step * math.sin(angle)
        if is_still:
            break
    for point, centre in zip(points, centres, strict=True):
        point["position"] = _position(centre[0], centre[1], zoom)


def _with_room(points: Sequence[dict[str, Any]], view: pdk.ViewState, pixels: int) -> list[dict[str, Any]]:
    """The points whose names lie over no bubble, no other name and no edge of a map that is so many pixels wide, the first
    first: below it, above it or at a side, which is `beside` in pixels."""
    middle = _pixels([view.longitude, view.latitude], view.zoom)
    centres = [_pixels(point["position"], view.zoom) for point in points]
    radii = [point["radius"] for point in points]
    taken = [(x - r, y - r, x + r, y + r) for (x, y), r in zip(centres, radii, strict=True)]
    named = []
    for point, centre in zip(points, centres, strict=True):
        half, away = len(point["title"]) * LETTER / 2, round(point["radius"]) + BESIDE
        for across, down in ((0, away), (0, -away), (away + half, 0), (-away - half, 0)):
            x, y = centre[0] + across, centre[1] + down
            box = (x - half, y - NAME_SIZE / 2, x + half, y + NAME_SIZE / 2)
            is_inside = abs(x - middle[0]) + half < pixels / 2 and abs(y - middle[1]) + NAME_SIZE < MAP_HEIGHT / 2
            if is_inside and not any(
                box[0] < o[2] and o[0] < box[2] and box[1] < o[3] and o[1] < box[3] for o in taken
            ):
                taken.append(box)
                named.append(point | {"beside": [round(across), down]})
                break
    return named


def _deck(layers: list[pdk.Layer], colours: dict[str, list[int]], view: pdk.ViewState) -> CompactDeck:
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
        initial_view_state=view,
        views=[pdk.View(type="MapView", controller=True, repeat=False)],
        tooltip={"html": "<b>{title}</b><br/>{line}"},
    )


def arcs(rows: pd.DataFrame, names: Mapping[str, str], *, dark: bool) -> CompactDeck:
    """An arc per way from country to country, width by number, its ends named. `rows`: waiting_country, host_country,
    episodes, title, line (tooltip words); `names`: country -> name."""
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
    ends = pd.concat([rows["waiting_country"], rows["host_country"]])
    weights = pd.concat([rows["episodes"]] * 2, ignore_index=True).groupby(ends.to_numpy()).sum()
    view = _view(in_frame({str(place): float(n) for place, n in weights.items()}), WHOLE_WIDTH)
    busiest = sorted(names, key=lambda place: -weights.get(place, 0))
    ended = [{"position": label_points()[place], "title": names[place], "radius": 3} for place in busiest]
    labels = _texts(
        "ends", _with_room(ended, view, WHOLE_WIDTH), "title", NAME_SIZE, colours["ink"], "beside", colours["land"]
    )
    return _deck([layer, labels], colours, view)
