"""How fast relocation cases move: live and grouped for coordinators, published quarters for everybody else."""

from dashboard import charts, export, labels, view, waiting, words
from dashboard.i18n import _
from dashboard.metrics import relocation
from data_access import publication

visit = view.begin("relocation", _("How fast do relocation cases move?"), ("host_countries", "period"))


def live_page() -> None:
    """Grouped cases of the coordinator's countries."""
    cases = waiting.live(visit)
    summary = waiting.live_summary(visit, cases)
    view.answer(summary.sentence)
    view.figures(summary.figures)
    arrived_and_left(cases)
    outcomes(cases)
    ages(cases)
    view.table("flow", _("Opened and closed by month"), cases.flow[["month", "opened", "reopened", "closed", "open_at_end"]].iloc[::-1])
    broken = int(cases.problems["episodes"].sum())
    view.about(
        _("{n} records contradict themselves or lack a date and are left out of dated figures.").format(n=words.number(broken)),
        *(f"{labels.word(row.problem)}: {words.number(row.episodes)}" for row in cases.problems.itertuples()),
        _("A reopened case counts as a new episode. The newest weeks are incomplete: entries arrive late."),
        _("The waiting times include those still waiting; closed cases alone would mislead."),
    )


def arrived_and_left(cases: waiting.Live) -> None:
    """The running totals with the gap that waits."""
    lines = relocation.cumulative_flow(cases.flow)
    waiting_now = words.number(lines["still_waiting"].iloc[-1]) if len(lines) else "0"
    title = _("{n} still waiting: cases arrived and left").format(n=waiting_now)
    view.chart(
        "arrived_left",
        title,
        charts.two_lines(lines, "month", ("arrived", _("arrived")), ("left", _("left")), _("still waiting")),
        lines,
        _("Episodes opened or reopened, and closed with any outcome, added up since the records begin. The last month is partial."),
        charts.alternative(title, charts.month_names(lines["month"].iloc[::-1]), [words.number(n) for n in lines["still_waiting"].iloc[::-1]]),
    )


def outcomes(cases: waiting.Live) -> None:
    """What happens to people, and when."""
    curve = relocation.readable(relocation.outcome_curve(cases.durations))
    columns = ["t", "at_risk", *[c for c in curve if c in labels.COLUMNS and c not in ("t", "at_risk")]]
    half_year = curve[curve["t"] <= 180]
    arrived = half_year["relocated"].iloc[-1] if len(half_year) and "relocated" in curve else None
    title = (
        _("{share} are relocated within 180 days").format(share=words.percent(arrived)) if arrived is not None else _("Outcomes by days since opening")
    )
    names = {column: labels.heading(column) for column in columns}
    view.chart(
        "outcomes",
        title,
        charts.outcome_areas(curve, names),
        curve[columns],
        _("Share of cases by outcome and days since opening, open cases included; drawn while at least 5 cases are followed."),
        charts.alternative(title, [names[c] for c in columns[2:]], [words.percent(curve[c].iloc[-1]) if len(curve) else "–" for c in columns[2:]]),
    )


def ages(cases: waiting.Live) -> None:
    """Who has waited too long, and where."""
    buckets = relocation.age_buckets(cases.open_ages)
    order = ["0-29", "30-89", "90-179", "180-364", "365+", "unknown"]
    totals = buckets.groupby("stage")["episodes"].sum().sort_values(ascending=False)
    buckets = buckets.set_index("stage").loc[list(totals.index)].reset_index() if len(buckets) else buckets
    top = labels.word(totals.index[0]) if len(totals) else ""
    title = _("Most open cases are at “{stage}”").format(stage=top) if top else _("Open cases by stage and age")
    names = {value: labels.word(value) for value in [*buckets["stage"], *order]}
    view.chart(
        "ages",
        title,
        charts.stacked_bars(buckets, "stage", "bucket", "episodes", order, names),
        buckets,
        _("Open cases by current stage and days since opening."),
        charts.alternative(title, [labels.word(stage) for stage in totals.index], [words.number(n) for n in totals]),
    )


def published_page() -> None:
    """Sums of published cells; a hidden one is a gap, never a zero."""
    cells = waiting.published(visit)
    summary = waiting.published_summary(visit, cells)
    view.answer(summary.sentence)
    view.figures(summary.figures)
    title = _("People who asked for help and people who reached safety")
    groups = words.listing([words.country(group) for group in cells.groups])
    if len(cells.quarters):
        view.chart(
            "published",
            title,
            charts.columns_over_time(cells.quarters, "period", [("opened", _("asked for help")), ("relocated", _("relocated"))]),
            shown_cells(cells.cells),
            _("People per published quarter, {groups}. A missing column is a figure below 10, not zero.").format(groups=groups),
            charts.alternative(title, list(cells.quarters["period"].iloc[::-1]), [words.number(n) for n in cells.quarters["opened"].iloc[::-1]]),
        )
        newest = cells.bands[cells.bands["period"] == cells.bands["period"].max()].set_index("measure").reindex(waiting.BANDS).reset_index()
        bands_title = _("How long ended cases took, {quarter}").format(quarter=newest["period"].iloc[0])
        view.chart(
            "bands",
            bands_title,
            charts.ranked_bars(newest, "measure", [("value", _("people"))], {b: labels.word(b) for b in waiting.BANDS},
                               text=[waiting.shown_people(v, 1) for v in newest["value"]]),
            shown_cells(newest),
            _("People whose case ended in the quarter, all countries, by time from opening to ending."),
            charts.alternative(bands_title, [labels.word(b) for b in newest["measure"]], [waiting.shown_people(v, 1) for v in newest["value"]]),
        )  # fmt: skip
    view.about(
        _(export.PROTECTED_NOTE),
        _("A country inside a group shows the whole group: {groups}.").format(groups=groups),
        _("Funders and stewards never read cases; these figures would be the same if no case database existed."),
    )


def shown_cells(cells):  # noqa: ANN001, ANN201
    """Published cells as a table: a hidden value is '<10'."""
    people = [waiting.shown_people(value, 1).replace("\u202f", "") for value in cells["value"]]
    columns = ["period", "measure", "country_group", "people"]
    shown = cells.assign(people=people)[columns]
    order = {name: place for place, name in enumerate([*publication.MEASURES, *waiting.BANDS])}
    return shown.sort_values(["period", "measure"], key=lambda c: c.map(order) if c.name == "measure" else c, ascending=[False, True]).reset_index(drop=True)


if waiting.is_live(visit):
    live_page()
else:
    published_page()
