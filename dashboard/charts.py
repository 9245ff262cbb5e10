"""Frame -> plotly Figure, one function per shape, and the house style.

Colours are Streamlit's palette placeholders, which the browser replaces by the theme's colours, so that a chart
follows light and dark without a rerun. Bars start at zero; partial periods are hatched; unknown is grey and last.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence

import pandas as pd
import plotly.graph_objects as go

from dashboard import words
from dashboard.i18n import _

FIRST, SECOND, THIRD, FOURTH, FIFTH, SIXTH = (f"#00000{n}" for n in range(1, 7))
MIDDLE, LIGHT, GREY, PALE = "#000007", "#000008", "#000009", "#000010"
SERIES = (FIRST, SECOND, THIRD, FOURTH, SIXTH, FIFTH)
EMPTY = "rgba(140,150,160,0.10)"
MARGIN = {"l": 8, "r": 8, "t": 8, "b": 8}


def _styled(figure: go.Figure, height: int, *, legend: bool = False, **layout: object) -> go.Figure:
    figure.update_layout(
        height=height,
        margin=MARGIN,
        showlegend=legend,
        legend={
            "orientation": "h",
            "yanchor": "bottom",
            "y": 1.01,
            "x": 0,
            "xanchor": "left",
            "title": None,
            "traceorder": "normal",
        },
        hovermode="closest",
        bargap=0.25,
        dragmode=False,
        separators=".\u202f",
        **layout,
    )
    figure.update_xaxes(fixedrange=True, automargin=True, title=None)
    figure.update_yaxes(fixedrange=True, automargin=True, title=None)
    return figure


def _names(rows: pd.DataFrame, category: str, label: Mapping[str, str] | None) -> list[str]:
    return [(label or {}).get(value, value) for value in rows[category]]


def ranked_bars(
    rows: pd.DataFrame,
    category: str,
    values: Sequence[tuple[str, str]],
    label: Mapping[str, str] | None = None,
    unknown: Sequence[str] = (),
    text: Sequence[str] | None = None,
) -> go.Figure:
    """Horizontal stacked bars, one row per category, in the order given; `values` is (column, name) per segment.

    Categories in `unknown` are grey. `text` labels the end of each bar.
    """
    names = _names(rows, category, label)
    figure = go.Figure()
    shades = ((FIRST, GREY), (LIGHT, PALE), (THIRD, GREY))
    for (column, name), (colour, muted) in zip(values, shades, strict=False):
        last = column == values[-1][0]
        figure.add_bar(
            y=names,
            x=rows[column].astype("float64"),
            name=name,
            orientation="h",
            marker={"color": [muted if c in unknown else colour for c in rows[category]]},
            customdata=rows[category],
            text=list(text) if text is not None and last else None,
            textposition="outside",
            cliponaxis=False,
            hovertemplate=f"%{{y}}: %{{x:,}} {name}<extra></extra>",
        )
    height = max(160, 26 * len(rows) + 60)
    _styled(figure, height, legend=len(values) > 1, barmode="stack", clickmode="event+select")
    figure.update_yaxes(autorange="reversed", ticksuffix="  ")
    figure.update_xaxes(rangemode="tozero")
    return figure


def columns_over_time(
    rows: pd.DataFrame,
    when: str,
    values: Sequence[tuple[str, str]],
    line: tuple[str, str] | None = None,
    partial: str | None = None,
    negative: Sequence[str] = (),
) -> go.Figure:
    """Columns per period; those named in `negative` point down, partial periods are hatched, `line` lies over."""
    figure = go.Figure()
    is_partial = rows[partial].astype(bool) if partial else pd.Series(False, index=rows.index)
    for (column, name), colour in zip(values, (FIRST, SECOND, THIRD), strict=False):
        heights = rows[column].astype("float64") * (-1 if column in negative else 1)
        figure.add_bar(
            x=rows[when],
            y=heights,
            name=name,
            marker={"color": colour, "pattern": {"shape": ["/" if part else "" for part in is_partial]}},
            customdata=rows[column].astype("float64"),
            hovertemplate=f"%{{x|%b %Y}}: %{{customdata:,}} {name}<extra></extra>",
        )
    if line:
        figure.add_scatter(
            x=rows[when],
            y=rows[line[0]].astype("float64"),
            name=line[1],
            mode="lines",
            line={"color": FIFTH, "width": 2},
        )
    return _styled(figure, 340, legend=True, barmode="relative" if negative else "group")


def two_lines(rows: pd.DataFrame, when: str, upper: tuple[str, str], lower: tuple[str, str], gap: str) -> go.Figure:
    """Two cumulative lines with the gap between them shaded and named."""
    figure = go.Figure()
    figure.add_scatter(x=rows[when], y=rows[lower[0]], name=lower[1], mode="lines", line={"color": FIRST, "width": 2.5})
    figure.add_scatter(
        x=rows[when],
        y=rows[upper[0]],
        name=upper[1],
        mode="lines",
        fill="tonexty",
        line={"color": SECOND, "width": 2.5},
        fillcolor="rgba(154,160,166,0.25)",
    )
    if len(rows):
        last = rows.iloc[-1]
        figure.add_annotation(
            x=last[when],
            y=(last[upper[0]] + last[lower[0]]) / 2,
            text=gap,
            showarrow=False,
            xanchor="right",
            xshift=-10,
        )
    return _styled(figure, 360, legend=True)


def cliff(rows: pd.DataFrame, today: pd.Timestamp, currency: str) -> go.Figure:
    """Signed money per month, past dark and future light, pledges outlined on top, stated need as a line."""
    past = rows["month"] <= today
    figure = go.Figure()
    elsewhere = rows["signed"] - rows["signed_on_need"]
    for mask, money, colour, name in (
        (past, rows["signed_on_need"], FIRST, _("Signed where need is stated")),
        (~past, rows["signed_on_need"], LIGHT, _("the same, still to come")),
        (past | True, elsewhere, PALE, _("Signed where no need is stated")),
    ):
        figure.add_bar(
            x=rows["month"][mask],
            y=money[mask].astype("float64") / 100,
            name=name,
            marker={"color": colour},
            hovertemplate=f"%{{x|%b %Y}}: %{{y:,.0f}} {currency} {name}<extra></extra>",
        )
    figure.add_bar(
        x=rows["month"],
        y=rows["pledged"].astype("float64") / 100,
        name=_("Pledged, not counted"),
        marker={"color": "rgba(0,0,0,0)", "line": {"color": GREY, "width": 1.5}},
        hovertemplate=f"%{{x|%b %Y}}: %{{y:,.0f}} {currency}<extra></extra>",
    )
    need = rows[rows["need"].notna()]
    figure.add_scatter(
        x=need["month"],
        y=need["need"].astype("float64") / 100,
        name=_("Stated need"),
        mode="lines",
        line={"color": SECOND, "width": 2.5, "shape": "hvh"},
        hovertemplate=f"%{{x|%b %Y}}: %{{y:,.0f}} {currency}<extra></extra>",
    )
    return _styled(figure, 380, legend=True, barmode="stack")


def outcome_areas(curve: pd.DataFrame, names: Mapping[str, str]) -> go.Figure:
    """Stacked shares by day since opening, still open in grey on top; always 100 % in all."""
    figure = go.Figure()
    colours = {
        "relocated": FIRST,
        "other_route": THIRD,
        "refused": SECOND,
        "withdrawn": FOURTH,
        "lost_contact": SIXTH,
    }
    for outcome in [o for o in (*colours, "unknown", "still_open") if o in curve]:
        figure.add_scatter(
            x=curve["t"],
            y=curve[outcome] * 100,
            name=names[outcome],
            mode="lines",
            stackgroup="all",
            line={
                "width": 0.5,
                "shape": "hv",
                "color": colours.get(outcome, GREY if outcome == "unknown" else PALE),
            },
            hovertemplate=f"{names[outcome]}: %{{y:.0f}} %<extra></extra>",
        )
    _styled(figure, 380, legend=True)
    figure.update_layout(hovermode="x unified")
    figure.update_yaxes(range=[0, 100], ticksuffix=" %")
    figure.update_xaxes(title=_("days since the case was opened"))
    return figure


def stacked_bars(
    rows: pd.DataFrame, category: str, series: str, value: str, order: Sequence[str], names: Mapping[str, str]
) -> go.Figure:
    """Horizontal bars split by an ordered series, such as age buckets by stage."""
    shades = (LIGHT, MIDDLE, FIRST, SECOND, FOURTH, GREY)
    categories = list(dict.fromkeys(rows[category]))
    figure = go.Figure()
    for part, colour in zip(order, shades, strict=False):
        found = rows[rows[series] == part].set_index(category)[value].reindex(categories).fillna(0)
        if found.sum():
            figure.add_bar(
                y=[names.get(c, c) for c in categories],
                x=found.astype("float64"),
                name=names.get(part, part),
                orientation="h",
                marker={"color": colour, "line": {"color": "rgba(255,255,255,.8)", "width": 1}},
                hovertemplate=f"%{{y}}, {names.get(part, part)}: %{{x}}<extra></extra>",
            )
    _styled(figure, max(180, 30 * len(categories) + 80), legend=True, barmode="stack")
    figure.update_yaxes(autorange="reversed", ticksuffix="  ")
    return figure


def grid(
    cells: pd.DataFrame, row: str, column: str, text: str, level: str, levels: Mapping[str, tuple[int, str]]
) -> go.Figure:
    """A table of cells with a word-backed colour each: `level` picks from `levels` (order, name); text in cells.

    `cells` must be complete: one row per combination.
    """
    shades = (EMPTY, LIGHT, MIDDLE, FIRST, SECOND)
    count = max(order for order, _name in levels.values()) + 1
    wide = cells.pivot(index=row, columns=column, values=level)
    wide = wide.loc[list(dict.fromkeys(cells[row])), list(dict.fromkeys(cells[column]))]
    words_ = cells.pivot(index=row, columns=column, values=text).loc[wide.index, wide.columns]
    scale = [(edge / count, shades[n]) for n in range(count) for edge in (n, n + 1)]
    figure = go.Figure(
        go.Heatmap(
            z=wide.map(lambda value: levels[value][0]).to_numpy(),
            x=list(wide.columns),
            y=[_wrapped(name) for name in wide.index],
            text=words_.to_numpy(),
            customdata=wide.map(lambda value: levels[value][1]).to_numpy(),
            texttemplate="%{text}",
            hovertemplate="%{y} · %{x}<br>%{customdata}: %{text}<extra></extra>",
            zmin=0,
            zmax=count - 1,
            colorscale=scale,
            showscale=False,
            xgap=2,
            ygap=2,
        )
    )
    _styled(figure, 38 * len(wide.index) + 80)
    figure.update_yaxes(autorange="reversed", ticksuffix="  ", showgrid=False)
    figure.update_xaxes(side="top", autotickangles=[0, 90], showgrid=False)
    return figure


def _wrapped(name: str) -> str:
    return "<br>".join(textwrap.wrap(name, 17))


def dots(rows: pd.DataFrame, category: str, low: str, high: str, label: Mapping[str, str] | None = None) -> go.Figure:
    """A range per category: a bar from low to high, sorted as given."""
    figure = go.Figure()
    names = _names(rows, category, label)
    figure.add_bar(
        y=names,
        x=rows[high] - rows[low],
        base=rows[low],
        orientation="h",
        marker={"color": MIDDLE},
        width=0.35,
        hovertemplate="%{y}: %{base:.2f} – %{x:.2f}<extra></extra>",
    )
    _styled(figure, max(160, 26 * len(rows) + 60))
    figure.update_yaxes(autorange="reversed", ticksuffix="  ")
    figure.update_xaxes(rangemode="tozero")
    return figure


def alternative(title: str, names: Sequence[str], values: Sequence[str]) -> str:
    """A chart's text alternative: its title, the first three values, and where all of them are."""
    first = "; ".join(f"{name} {value}" for name, value in list(zip(names, values, strict=True))[:3])
    return _("{title} {values}. All values are in the table below.").format(title=title, values=first)


def month_names(months: pd.Series) -> list[str]:
    """Short month names for text alternatives."""
    return [words.short_month(when) for when in months]
