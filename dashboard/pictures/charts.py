"""Frame -> plotly Figure, one function per shape, and the house style.

Colours are placeholders of the theme's palette, which the browser replaces, so that a chart follows light and dark without
a rerun. Bars start at zero; partial periods are hatched; unknown is grey and last.
"""

from __future__ import annotations

import html
import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from dashboard.words import written
from data_access.i18n import SOURCE, _, language

FIRST, SECOND, THIRD, FOURTH, FIFTH, SIXTH = (f"#00000{n}" for n in range(1, 7))
MIDDLE, LIGHT, GREY, PALE = "#000007", "#000008", "#000009", "#000010"
LONGEST_NAME = 28
EMPTY = "rgba(140,150,160,0.10)"
SHADE = "rgba(154,160,166,0.25)"
CLEAR = "rgba(0,0,0,0)"
LEGEND = {"orientation": "h", "yanchor": "bottom", "y": 1.01, "x": 0, "xanchor": "left", "traceorder": "normal"}
AXIS = {"fixedrange": True, "automargin": True}
NUMBERS_WRITTEN_OUT = {"exponentformat": "none", "separatethousands": True}
"""Ticks in languages that have no k for a thousand."""
FROM_ZERO = {"rangemode": "tozero"}
DOWNWARDS = {"autorange": "reversed", "ticksuffix": "  "}

SEGMENTS = ((FIRST, GREY), (LIGHT, PALE), (PALE, PALE))
MISSING_STANDS_OUT = ((PALE, PALE), (SECOND, GREY))
TOLD_APART, SOME_MISSING = (FIRST, LIGHT, MIDDLE), (FIRST, SECOND)

Trace = dict[str, Any]
Axis = Mapping[str, Any]
Mark = tuple[Any, str]
"""Where on the axis of time, and what happened."""


def figure(traces: list[Trace], height: int, x: Axis | None = None, y: Axis | None = None, **layout: Any) -> go.Figure:
    """The house style around `traces`; built in one go, because every later update is validated again."""
    return go.Figure(
        data=traces,
        layout={
            "height": height,
            "margin": {"l": 8, "r": 8, "t": 8, "b": 8},
            "legend": LEGEND,
            "showlegend": len(traces) > 1,
            "hovermode": "closest",
            "bargap": 0.25,
            "dragmode": False,
            "separators": written.separators(),
            "xaxis": _axis(x),
            "yaxis": _axis(y),
        }
        | layout,
    )


def drawable(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows of a picture; none where every number in them is zero or unknown, of which nothing would be seen."""
    return rows if rows.select_dtypes("number").fillna(0).to_numpy().any() else rows.head(0)


def _axis(own: Axis | None) -> dict[str, Any]:
    return AXIS | ({} if language.get() == SOURCE else NUMBERS_WRITTEN_OUT) | dict(own or {})


def _names(rows: pd.DataFrame, category: str, label: Mapping[str, str] | None) -> list[str]:
    return [plain((label or {}).get(value, value)) for value in rows[category]]


def shortened(name: str) -> str:
    """A name that leaves room for its bar on a phone; the whole of it is in the hover text and the table."""
    return name if len(name) <= LONGEST_NAME else name[: LONGEST_NAME - 1].rstrip() + "…"


def plain(text: str) -> str:
    """Text that plotly shows as it is: it would read tags as bold, links and line breaks."""
    return html.escape(text, quote=False)


def _shown(value: float) -> str:
    """A count as it is, anything between with its decimals."""
    return written.number(value) if pd.isna(value) or float(value).is_integer() else written.decimal(value, 2)


def _numbers(values: pd.Series) -> list[float | None]:
    return [None if pd.isna(value) else float(value) for value in values]


def ranked_bars(
    rows: pd.DataFrame,
    category: str,
    values: Sequence[tuple[str, str]],
    label: Mapping[str, str] | None = None,
    unknown: Sequence[str] = (),
    text: Sequence[str] | None = None,
    colours: Sequence[tuple[str, str]] = SEGMENTS,
    suffix: str = "",
) -> go.Figure:
    """Horizontal stacked bars, one row per category, in the order given; `values` is (column, name) per segment.

    `colours`: one per segment, and its grey for categories in `unknown`. `text` labels the end of each bar, `suffix` is the unit on
    the axis. A click hands over the category.
    """
    names = _names(rows, category, label)
    traces: list[Trace] = [
        {
            "type": "bar",
            "orientation": "h",
            "name": name,
            "y": list(range(len(rows))),
            "x": _numbers(rows[column]),
            "hovertext": names,
            "customdata": list(rows[category]),
            "marker": {"color": [muted if value in unknown else colour for value in rows[category]]},
            "hovertemplate": f"%{{hovertext}}: %{{x:,}} {name}<extra></extra>",
        }
        for (column, name), (colour, muted) in zip(values, colours, strict=False)
    ]
    if text is not None:
        traces[-1] |= {"text": list(text), "textposition": "outside", "cliponaxis": False}
    height = max(160, 26 * len(rows) + 60)
    ticks = {"tickvals": list(range(len(rows))), "ticktext": [shortened(name) for name in names]}
    room = {"l": 8, "r": 8 if text is None else 44, "t": 8, "b": 8}
    x = FROM_ZERO | {"ticksuffix": suffix}
    return figure(traces, height, x, DOWNWARDS | ticks, barmode="stack", clickmode="event", margin=room)


def columns_over_time(
    rows: pd.DataFrame,
    when: str,
    values: Sequence[tuple[str, str]],
    line: tuple[str, str] | None = None,
    partial: str | None = None,
    negative: Sequence[str] = (),
    marks: Sequence[Mark] = (),
    *,
    stacked: bool = False,
) -> go.Figure:
    """Columns per period, beside each other or `stacked` with the second one missing; those named in `negative` point down,
    partial periods are hatched, `line` lies over, numbered `marks` are dated events."""
    hatched = ["/" if part else "" for part in rows[partial].astype(bool)] if partial else ""
    traces: list[Trace] = [
        {
            "type": "bar",
            "name": name,
            "x": list(rows[when]),
            "y": _numbers(rows[column] * (-1 if column in negative else 1)),
            "customdata": [str(value) for value in rows[when]],
            "hovertext": [_shown(value) for value in rows[column]],
            "marker": {"color": colour, "pattern": {"shape": hatched}},
            "hovertemplate": f"%{{x}}: %{{hovertext}} {name}<extra></extra>",
        }
        for (column, name), colour in zip(values, SOME_MISSING if stacked else TOLD_APART, strict=False)
    ]
    if line:
        traces.append(_line(rows, when, line, FIFTH))
    mode = "relative" if negative else "stack" if stacked else "group"
    if not pd.api.types.is_string_dtype(rows[when]):
        return figure(traces, 340, barmode=mode, clickmode="event", **_marked(marks))
    order = list(rows[when])
    placed = _marked([(order.index(name), label) for name, label in marks])
    return figure(traces, 340, {"type": "category"}, barmode=mode, clickmode="event", **placed)


def _marked(marks: Sequence[Mark]) -> dict[str, Any]:
    """Dotted lines at dated events, numbered on top so that names cannot overlap; the caption says what they are.

    On an axis of names a place is the number of its name: plotly takes the name of a year for a number.
    """
    places: dict[Any, list[int]] = {}
    for number, (place, _label) in enumerate(marks, 1):
        places.setdefault(place, []).append(number)
    lines = [
        {"type": "line", "x0": x, "x1": x, "yref": "paper", "y0": 0, "y1": 1, "line": {"dash": "dot", "width": 1.5, "color": GREY}}
        for x in places
    ]  # fmt: skip
    numbers = [
        {"x": x, "yref": "paper", "y": 1, "yanchor": "top", "text": ", ".join(map(str, own)), "showarrow": False,
         "hovertext": plain("; ".join(marks[n - 1][1] for n in own)), "bgcolor": SHADE, "borderpad": 2}
        for x, own in places.items()
    ]  # fmt: skip
    return {"shapes": lines, "annotations": numbers}


def _line(rows: pd.DataFrame, when: str, value: tuple[str, str], colour: str, **more: Any) -> Trace:
    return {
        "type": "scatter",
        "mode": "lines",
        "name": value[1],
        "x": list(rows[when]),
        "y": _numbers(rows[value[0]]),
        "line": {"color": colour, "width": 2.5},
    } | more


def two_lines(
    rows: pd.DataFrame,
    when: str,
    upper: tuple[str, str],
    lower: tuple[str, str],
    gap: str,
    marks: Sequence[Mark] = (),
) -> go.Figure:
    """Two cumulative lines with the gap between them shaded and named, and numbered `marks` of dated events."""
    between = {"fill": "tonexty", "fillcolor": SHADE, "line": {"color": FIFTH, "width": 2.5, "dash": "dash"}}
    traces = [_line(rows, when, lower, FIRST), _line(rows, when, upper, FIFTH, **between)]
    named = [
        {
            "x": r[when],
            "y": float(r[upper[0]] + r[lower[0]]) / 2,
            "text": gap,
            "showarrow": True,
            "arrowhead": 0,
            "ax": -70,
            "ay": 90,
        }
        for _index, r in rows.tail(1).iterrows()
    ]
    events = _marked(marks)
    return figure(traces, 360, shapes=events["shapes"], annotations=[*named, *events["annotations"]])


def cliff(rows: pd.DataFrame, today: pd.Timestamp, currency: str, marks: Sequence[Mark] = ()) -> go.Figure:
    """Signed money per month on lines that state a need, past dark and future light, with the need as a line; below it, on a
    scale of its own, what is signed where none is stated, pledges outlined on top; dated `marks`. Without any need that lower
    part is the picture.

    `rows`: month, signed, signed_on_need, pledged, need in minor units.
    """
    money = rows.set_index("month").astype("Float64") / 100
    past = money.index <= today
    segments = (
        (money["signed_on_need"][past], {"color": FIRST}, _("Signed where need is stated"), "y"),
        (money["signed_on_need"][~past], {"color": LIGHT}, _("the same, still to come"), "y"),
        (money["signed"] - money["signed_on_need"], {"color": PALE}, _("Signed where no need is stated"), "y2"),
        (money["pledged"], {"color": CLEAR, "line": {"color": GREY, "width": 1.5}}, _("Pledged, not counted"), "y2"),
    )
    traces: list[Trace] = [
        {
            "type": "bar",
            "name": name,
            "x": list(values.index),
            "y": _numbers(values),
            "customdata": [f"{month:%Y-%m}" for month in values.index],
            "marker": marker,
            "yaxis": panel,
            "hovertemplate": f"%{{x|%b %Y}}: %{{y:,.0f}} {currency} {name}<extra></extra>",
        }
        for values, marker, name, panel in segments
    ]
    need = money[money["need"].notna()].reset_index()
    step = {"line": {"color": FIFTH, "width": 2.5, "shape": "hvh"}}
    hover = {"hovertemplate": f"%{{x|%b %Y}}: %{{y:,.0f}} {currency}<extra></extra>"}
    traces.append(_line(need, "month", ("need", _("Stated need")), FIFTH, **step, **hover))
    drawn = {"barmode": "stack", "clickmode": "event", **_marked(marks)}
    if not (money[["need", "signed_on_need"]].fillna(0) != 0).any(axis=None):
        alone = [trace | {"yaxis": "y"} for trace in traces if trace.get("yaxis") == "y2"]
        return figure(alone, 300, None, FROM_ZERO, **drawn)
    beside = _axis(FROM_ZERO | {"domain": [0, 0.26], "anchor": "x", "nticks": 4})
    return figure(traces, 440, {"anchor": "y2"}, FROM_ZERO | {"domain": [0.34, 1]}, yaxis2=beside, **drawn)


OUTCOME_COLOURS = {
    "relocated": FIRST,
    "other_route": MIDDLE,
    "refused": FOURTH,
    "withdrawn": SIXTH,
    "lost_contact": LIGHT,
    "unknown": GREY,
    "still_open": PALE,
}


def outcome_areas(curve: pd.DataFrame, names: Mapping[str, str]) -> go.Figure:
    """Stacked shares by day since opening, still open in grey on top; always 100 % in all."""
    traces: list[Trace] = [
        {
            "type": "scatter",
            "mode": "lines",
            "stackgroup": "all",
            "name": names[outcome],
            "x": list(curve["t"]),
            "y": _numbers(curve[outcome] * 100),
            "line": {"width": 0.5, "shape": "hv", "color": colour},
            "hovertemplate": f"{names[outcome]}: %{{y:.0f}} %<extra></extra>",
        }
        for outcome, colour in OUTCOME_COLOURS.items()
        if outcome in curve
    ]
    x = {"title": {"text": _("days since the case was opened")}}
    return figure(traces, 380, x, {"range": [0, 100], "ticksuffix": " %"}, hovermode="x unified")


def stacked_bars(
    rows: pd.DataFrame,
    category: str,
    series: str,
    value: str,
    order: Sequence[str],
    names: Mapping[str, str],
    unknown: str = "",
) -> go.Figure:
    """Horizontal bars split by an ordered series, such as age buckets by stage; what is `unknown` is grey and last."""
    categories = list(dict.fromkeys(rows[category]))
    traces: list[Trace] = []
    by_part = {part: own.set_index(category)[value] for part, own in rows.groupby(series)}
    for part, colour in (*zip(order, (LIGHT, MIDDLE, FIRST, SECOND, FOURTH), strict=False), (unknown, PALE)):
        if (found := by_part.get(part)) is not None:
            traces.append(
                {
                    "type": "bar",
                    "orientation": "h",
                    "name": names.get(part, part),
                    "y": [plain(names.get(c, c)) for c in categories],
                    "x": _numbers(found.reindex(categories)),
                    "customdata": categories,
                    "marker": {"color": colour, "line": {"color": "rgba(255,255,255,.8)", "width": 1}},
                    "hovertemplate": f"%{{y}}, {names.get(part, part)}: %{{x}}<extra></extra>",
                }
            )
    return figure(traces, max(260, 30 * len(categories) + 80), y=DOWNWARDS, barmode="stack")


def ranges(rows: pd.DataFrame, category: str, low: str, high: str, names: Mapping[str, str]) -> go.Figure:
    """A bar from low to high per category, in the order given; a stroke where both are one."""
    trace = {
        "type": "bar",
        "orientation": "h",
        "y": [plain(names[value]) for value in rows[category]],
        "x": _numbers(rows[high] - rows[low]),
        "base": _numbers(rows[low]),
        "width": 0.4,
        "customdata": [f"{a:.2f} – {b:.2f}" for a, b in zip(rows[low], rows[high], strict=True)],
        "marker": {"color": MIDDLE, "line": {"color": MIDDLE, "width": 2}},
        "hovertemplate": "%{y}: %{customdata}<extra></extra>",
    }
    return figure([trace], max(160, 22 * len(rows) + 60), FROM_ZERO, DOWNWARDS)


def apart(rows: pd.DataFrame, category: str, limits: tuple[str, str, str], unit: str) -> go.Figure:
    """How far each category lies from zero: a dot between its limits (low, value, high), grey where zero lies between them;
    more than zero is what stands out."""
    low, value, high = (rows[name].astype(float) for name in limits)
    colour = [SECOND if a > 0 else FIRST if b < 0 else GREY for a, b in zip(low, high, strict=True)]
    trace = {
        "type": "scatter",
        "mode": "markers",
        "y": [plain(name) for name in rows[category]],
        "x": _numbers(value),
        "marker": {"color": colour, "size": 9},
        "error_x": {
            "type": "data", "symmetric": False, "array": _numbers(high - value), "arrayminus": _numbers(value - low),
            "color": GREY, "thickness": 1.5, "width": 0,
        },
        "customdata": [f"{a:.0f} – {b:.0f}" for a, b in zip(low, high, strict=True)],
        "hovertemplate": "%{y}: %{x} (%{customdata})<extra></extra>",
    }  # fmt: skip
    x = {"zeroline": True, "zerolinewidth": 2, "title": {"text": unit}}
    return figure([trace], max(160, 24 * len(rows) + 80), x, DOWNWARDS)


def strip(rows: pd.DataFrame, value: str, name: str, marked: str, names: tuple[str, str]) -> go.Figure:
    """One dot per row along a share from 0 to 1, stacked where they meet; `marked` rows have another symbol.

    `names`: legend of marked and unmarked dots.
    """
    bins = (rows[value].astype(float) * 50).round() / 50
    height = bins.groupby(bins).cumcount() + 1
    traces: list[Trace] = [
        {
            "type": "scatter",
            "mode": "markers",
            "name": legend,
            "x": _numbers(bins[mask] * 100),
            "y": _numbers(height[mask]),
            "hovertext": [plain(text) for text in rows[name][mask]],
            "marker": {"size": 9, "color": colour, "symbol": symbol},
            "cliponaxis": False,
            "hovertemplate": "%{hovertext}: %{x:.0f} %<extra></extra>",
        }
        for mask, legend, colour, symbol in (
            (rows[marked].astype(bool), names[0], THIRD, "diamond"),
            (~rows[marked].astype(bool), names[1], FIRST, "circle"),
        )
    ]
    return figure(
        traces, 300, {"range": [-2, 103], "ticksuffix": " %"}, {"showticklabels": False, "rangemode": "tozero"}
    )


def lorenz(points: pd.DataFrame) -> go.Figure:
    """Share of money over share of recipients, with the line of equal shares."""
    shares = points * 100
    traces = [
        _line(shares, "recipients", ("money", _("as it is")), FIRST),
        _line(shares, "recipients", ("recipients", _("if all were equal")), GREY),
    ]
    percent = {"range": [0, 100], "ticksuffix": " %"}
    return figure(traces, 320, percent, percent)


def waterfall(names: Sequence[str], values: Sequence[float], measures: Sequence[str], text: Sequence[str]) -> go.Figure:
    """From a start over steps to an end: `measures` says absolute, relative or total per step."""
    begins, sizes, colours, reached = [], [], [], 0.0
    for value, measure in zip(values, measures, strict=True):
        begin = reached if measure == "relative" else 0.0
        size = reached if measure == "total" else value
        reached = begin + size
        begins.append(begin)
        sizes.append(size)
        colours.append(FIRST if measure != "relative" else MIDDLE if size >= 0 else LIGHT)
    trace = {
        "type": "bar",
        "x": [plain(name) for name in names],
        "y": sizes,
        "base": begins,
        "text": list(text),
        "textposition": "outside",
        "cliponaxis": False,
        "marker": {"color": colours},
        "hovertemplate": "%{x}: %{text}<extra></extra>",
    }
    return figure([trace], 340, y=FROM_ZERO)


def over_time(rows: pd.DataFrame, name: str, first: str, last: str, now: pd.Timestamp) -> go.Figure:
    """A bar from `first` to `last` day per row in the order given; without a last day it runs on to `now` and fades."""
    places = list(range(len(rows)))
    starts = pd.to_datetime(rows[first])
    ends = pd.to_datetime(rows[last]).fillna(now.normalize()).clip(lower=starts)
    names = _names(rows, name, None)
    trace = {
        "type": "bar",
        "orientation": "h",
        "y": places,
        "base": [f"{day:%Y-%m-%d}" for day in starts],
        "x": [int((end - start).total_seconds() * 1000) for start, end in zip(starts, ends, strict=True)],
        "marker": {"color": [LIGHT if pd.isna(day) else MIDDLE for day in rows[last]]},
        "hovertext": [
            f"{one}: {written.day(a)} – {written.day(b)}" for one, a, b in zip(names, starts, ends, strict=True)
        ],
        "hovertemplate": "%{hovertext}<extra></extra>",
    }
    ticks = {"tickvals": places, "ticktext": [shortened(one) for one in names]}
    shapes = [{"type": "line", "xref": "x", "yref": "paper", "x0": f"{now:%Y-%m-%d}", "x1": f"{now:%Y-%m-%d}", "y0": 0, "y1": 1,
               "line": {"color": GREY, "width": 1, "dash": "dot"}}]  # fmt: skip
    return figure([trace], max(140, 24 * len(rows) + 60), {"type": "date"}, DOWNWARDS | ticks, shapes=shapes)


def closeness(rows: pd.DataFrame, name: str, statuses: Mapping[str, str]) -> go.Figure:
    """A bar from `low` to `high` and a dot at `score`, out of 100, per row in the order given; a symbol per status."""
    places = pd.Series(range(len(rows)), index=rows.index)
    names = _names(rows, name, None)
    traces: list[Trace] = [
        {
            "type": "bar",
            "orientation": "h",
            "y": list(places),
            "x": _numbers((rows["high"] - rows["low"]) * 100),
            "base": _numbers(rows["low"] * 100),
            "width": 0.3,
            "marker": {"color": PALE},
            "hoverinfo": "skip",
            "showlegend": False,
        }
    ]
    looks = itertools.cycle(zip((FIRST, LIGHT, SIXTH, GREY), ("circle", "diamond", "square", "cross"), strict=True))
    for (status, word), (colour, symbol) in zip(statuses.items(), looks, strict=False):
        mine = rows["status"] == status
        traces.append(
            {
                "type": "scatter",
                "mode": "markers",
                "name": word,
                "y": list(places[mine]),
                "x": _numbers(rows["score"][mine] * 100),
                "hovertext": [names[place] for place in places[mine]],
                "marker": {"size": 11, "color": colour, "symbol": symbol},
                "hovertemplate": f"%{{hovertext}}: %{{x:.0f}}, {word}<extra></extra>",
            }
        )
    ticks = {"tickvals": list(places), "ticktext": [shortened(one) for one in names]}
    return figure(traces, max(180, 26 * len(rows) + 90), {"range": [0, 103]}, DOWNWARDS | ticks, showlegend=True)


def alternative(title: str, names: Sequence[str], values: Sequence[str]) -> str:
    """A chart's text alternative: its title, the first three values, and where all of them are."""
    first = "; ".join(f"{name} {value}" for name, value in list(zip(names, values, strict=True))[:3])
    return _("{title}: {values}. All values are in the table below.").format(title=title, values=first)
