"""Who does the same: similar pairs with people's answers laid over, the grid, shared grantees, one project, open facts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import Any

import pandas as pd

from dashboard.answers import portfolio
from dashboard.answers.crossing import levels
from dashboard.metrics import overlap
from dashboard.page.blocks import Chart, Figure, Summary, Table
from dashboard.page.reading import computed, found_once, read, read_now, shown_once
from dashboard.page.visit import Visit
from dashboard.pictures import charts, grids
from dashboard.words import codes, written
from data_access import queries
from data_access.i18n import _, ngettext
from data_access.summaries import STRONGEST

MOST = (12, 12)
MOST_FUNDERS = 20
MOST_NEIGHBOURS = 19
MOST_OFFERED = 200
LISTS = (
    "possible_duplication",
    "cannot_tell",
    "disputed",
    "unsure",
    "confirmed",
    "coordinated",
    "dismissed",
    "related",
)


@dataclass(frozen=True)
class Overlap:
    """`pairs` with people's answers laid over; `answers`: all of them, oldest first; `grid`: organisations per host
    country and activity; `totals`: pairs found per label, of which the strongest are stored; `money`: signed minor units
    per project."""

    currency: str
    pairs: pd.DataFrame
    answers: pd.DataFrame
    grid: pd.DataFrame
    totals: dict[str, int]
    money: pd.Series

    @property
    def cells(self) -> pd.DataFrame:
        """The combinations of the grid of which both parts are known to this reader."""
        return self.grid[overlap.is_placed(self.grid)]

    @property
    def cut(self) -> dict[str, int]:
        """Labels of which only the strongest pairs are stored, and how many there are in the whole network."""
        return {label: found for label, found in self.totals.items() if found > STRONGEST}

    def shown_count(self, status: str) -> str:
        """How many pairs of a status there are: at least, where only the strongest are stored."""
        counted = written.number(self.count(status))
        return f"≥\u202f{counted}" if status in self.cut else counted

    def with_status(self, status: str) -> pd.DataFrame:
        """The pairs of one status, strongest first."""
        return self.pairs[self.pairs["status"] == status]

    def count(self, status: str) -> int:
        return int((self.pairs["status"] == status).sum())

    def at_stake(self, pairs: pd.DataFrame) -> int | None:
        """Signed money on the projects of `pairs`, each project once; None when none is tagged to them."""
        known = self.money.reindex(sorted({*pairs["project_a"], *pairs["project_b"]})).dropna()
        return int(known.sum()) if len(known) else None


def find(visit: Visit) -> Overlap:
    """Stored pairs of the viewer's clearance, reviewed, and the grid. Answers come at any time and are only ever added."""
    newest = _newest_answer(visit)
    return computed(lambda: _with_answers(visit, newest), "overlap", visit.choice, newest)


def _newest_answer(visit: Visit) -> int:
    return int(read_now(queries.overlap.newest_answer(visit.viewer))["newest"].fillna(0).iloc[0])


def _with_answers(visit: Visit, newest: int) -> Overlap:
    totals = read(queries.overlap.totals(visit.viewer))
    pairs, chosen = _reviewed(visit, newest), read(queries.overlap.chosen(visit.filters, visit.viewer))["project_id"]
    return Overlap(
        visit.currency,
        _of_projects(pairs, chosen),
        computed(lambda: read_now(queries.overlap.answers(visit.viewer)), "answers", newest),
        read(queries.overlap.grid(visit.filters, visit.viewer)),
        dict(zip(totals["label"], (int(n) for n in totals["pairs"]), strict=True)),
        read(queries.money.projects(visit.currency, visit.viewer)).set_index("project_id")["total"],
    )


def pairs_of(visit: Visit, projects: pd.Series) -> pd.DataFrame:
    """The pairs of any of these projects with people's answers laid over, whatever is chosen."""
    return _of_projects(_reviewed(visit, _newest_answer(visit)), projects)


def _reviewed(visit: Visit, newest: int) -> pd.DataFrame:
    """Every stored pair with people's answers up to the newest laid over."""
    viewer = visit.viewer
    return computed(
        lambda: overlap.reviewed(read(queries.overlap.pairs(viewer)), read_now(queries.overlap.answers(viewer))),
        "reviewed",
        newest,
    )


def _of_projects(pairs: pd.DataFrame, projects: pd.Series) -> pd.DataFrame:
    return pairs[pairs["project_a"].isin(projects) | pairs["project_b"].isin(projects)].reset_index(drop=True)


@shown_once
def summary(found: Overlap) -> Summary:
    """The answer sentence and the five KPIs of METHODS E.3."""
    to_check, known, unclear = (found.count(s) for s in ("possible_duplication", "coordinated", "cannot_tell"))
    at_stake = found.at_stake(found.with_status("possible_duplication"))
    agreed, judged = overlap.agreement(found.pairs)
    single = int((found.cells["organisations"] == 1).sum())
    of_similar = _("of {n} similar pairs").format(n=written.number(len(found.pairs)))
    return Summary(
        sentence(to_check, unclear),
        [
            Figure(
                "pairs_to_check",
                to_check,
                found.shown_count("possible_duplication"),
                _("{money} signed for them").format(money=written.money(at_stake, found.currency)) if to_check else "",
                of_similar,
            ),
            Figure("coordinated", known, found.shown_count("coordinated"), _("known to work together"), of_similar),
            Figure(
                "cannot_tell", unclear, found.shown_count("cannot_tell"), _("missing facts keep them open"), of_similar
            ),
            Figure(
                "one_provider",
                single,
                written.number(single),
                _("of {n} recorded cells").format(n=written.number(len(found.cells))),
                _("{n} with none recorded").format(n=written.number(_empty_cells(found.cells))),
            ),
            Figure(
                "agreement",
                agreed if judged else None,
                _("{k} of {n}").format(k=agreed, n=judged) if judged else "–",
                _("suggestions worth a talk, so far") if judged else "",
                _("suggestions answered: {k} of {n}").format(
                    k=written.number(judged), n=written.number(len(_suggested(found)))
                ),
            ),
        ],
    )


def _suggested(found: Overlap) -> pd.DataFrame:
    """The pairs that were put to people as a question."""
    return found.pairs[found.pairs["label"] == "possible_duplication"]


def _empty_cells(grid: pd.DataFrame) -> int:
    return grid["host_country"].nunique() * grid["activity"].nunique() - len(grid)


def sentence(to_check: int, unclear: int) -> str:
    """How many pairs are worth a conversation."""
    if not to_check and not unclear:
        return _("No pair of projects reaches the mark for checking.")
    if not to_check:
        return _("No pair reaches the mark for checking; {n} cannot be judged until facts are filled in.").format(
            n=written.number(unclear)
        )
    return ngettext(
        "{n} pair of projects looks alike, runs together and is not known to coordinate.",
        "{n} pairs of projects look alike, run together and are not known to coordinate.",
        to_check,
    ).format(n=written.number(to_check))


def part_names() -> dict[str, str]:
    """The parts of the page, in reading order."""
    return {
        "pairs": _("Pairs to look at"),
        "where": _("Who works on what, where"),
        "funders": _("Shared grantees"),
        "project": _("One project"),
        "facts": _("Facts to fill in"),
    }


@shown_once
def list_names(found: Overlap) -> dict[str, str]:
    """The lists of pairs that hold any; those to check come first."""
    shown = [status for status in LISTS if found.count(status)] or LISTS[:1]
    return {status: written.capital(codes.word(status)) for status in shown}


@shown_once
def offered(visit: Visit, found: Overlap, status: str) -> dict[str, str]:
    """The strongest pairs of one list, to choose from; the table holds all of them."""
    return pair_names(visit, found.with_status(status).head(MOST_OFFERED))


def offer_words(found: Overlap, status: str) -> str:
    """What the choice of a pair offers."""
    if found.count(status) <= MOST_OFFERED:
        return _("Pair, the surest first: by what the known facts alone give")
    return _("Pair, the {n} surest of {m}").format(n=MOST_OFFERED, m=found.shown_count(status))


def addresses(visit: Visit, pairs: pd.DataFrame) -> Iterator[str]:
    """What an address calls each of the pairs: its projects' marks with a dot between them."""
    marks = _marks(visit)
    for a, b in zip(marks.reindex(pairs["project_a"]), marks.reindex(pairs["project_b"]), strict=True):
        yield f"{a}.{b}"


def at_address(visit: Visit, found: Overlap, address: str) -> Any:
    """The pair of `found` that an address of `addresses` calls. Raises KeyError for one that is not there."""
    marks = _marks(visit)
    a, _dot, b = address.partition(".")
    of_a, of_b = (marks.index[marks == mark] for mark in (a, b))
    chosen = found.pairs[found.pairs["project_a"].isin(of_a) & found.pairs["project_b"].isin(of_b)]
    if chosen.empty:
        raise KeyError(address)
    return next(chosen.itertuples())


def _marks(visit: Visit) -> pd.Series:
    """What tells each project she may see from every other in an address, by its id: made of its name and its lead's, which she
    knows. Ids, and the numbers that senders give their projects, would count those she may not see."""

    def made() -> pd.Series:
        projects = read(queries.overlap.projects(visit.viewer)).set_index("project_id")
        named = projects["organisation_slug"] + "/" + projects["project"]
        marks = named.map(lambda name: blake2b(name.encode(), digest_size=5).hexdigest())
        times = marks.groupby(marks).cumcount() + 1
        return marks.where(times == 1, marks + "-" + times.astype(str))

    return computed(made, "marks of projects")


def pair_names(visit: Visit, pairs: pd.DataFrame) -> dict[str, str]:
    """The pairs of a list by address and rank, those whose facts changed since they were answered marked."""
    text, marked = _("{score} of 100: {a} and {b}"), _("{pair} (changed since it was answered)")
    names = {}
    for address, pair in zip(addresses(visit, pairs), pairs.itertuples(), strict=True):
        name = text.format(score=written.number(pair.score * 100), a=pair.name_a, b=pair.name_b)
        names[address] = marked.format(pair=name) if pair.has_changed else name
    return names


OF_STATUS = {"pairs_to_check": "possible_duplication", "coordinated": "coordinated", "cannot_tell": "cannot_tell"}
FIGURES = (*OF_STATUS, "one_provider", "agreement")


def rows_of_figure(found: Overlap, figure: str) -> Table:
    """The pairs of a status, the answered ones, or the combinations with one provider."""
    if figure == "one_provider":
        single = codes.by_names(found.cells[found.cells["organisations"] == 1], ["host_country", "activity"])
        title = ngettext("{n} combination with one provider", "{n} combinations with one provider", len(single)).format(
            n=written.number(len(single))
        )
        return Table("figure_cells", title, single[["host_country", "activity", "projects"]])
    if figure == "agreement":
        suggested = _suggested(found)
        pairs = suggested[overlap.worth_a_talk(suggested["answer"]).notna()]
        return Table("figure_pairs", _list_title(_("suggestions that were answered"), pairs), pair_table(pairs))
    pairs = found.with_status(OF_STATUS[figure])
    return Table("figure_pairs", _list_title(codes.word(OF_STATUS[figure]), pairs), pair_table(pairs))


def _list_title(name: str, pairs: pd.DataFrame) -> str:
    return _("{list}: {n}").format(list=written.capital(name), n=written.number(len(pairs)))


@shown_once
def similar(found: Overlap, status: str) -> Table:
    """Every pair of one list with what missing facts could change, groups of alike projects beside each other."""
    pairs = found.with_status(status)
    pairs = pairs.assign(group=pairs["project_a"].map(_groups(found)))
    note = _(
        "The surest first. At least and at most say what missing facts could change. Pairs of one group resemble each "
        "other: one call may do for all of them."
    )
    return Table("pairs", _list_title(codes.word(status), pairs), pair_table(pairs), note)


@found_once
def _groups(found: Overlap) -> dict[int, int]:
    return overlap.groups(found.pairs[["project_a", "project_b", "score"]])


def pair_table(pairs: pd.DataFrame) -> pd.DataFrame:
    """Pairs as a table, with the facts that are missing in words; `group` only where it was worked out."""
    unknown = list(overlap.unknown_facts(pairs))
    in_words = {facts: written.listing([codes.word(fact) for fact in facts]) for facts in set(unknown)}
    missing = [in_words[facts] for facts in unknown]
    table = pairs.assign(pair_score=pairs["score"], pair_low=pairs["low"], pair_high=pairs["high"], missing=missing)
    columns = [
        "name_a",
        "organisation_a",
        "name_b",
        "organisation_b",
        "pair_score",
        "pair_low",
        "pair_high",
        "days_together",
        "status",
        "missing",
        *(["group"] if "group" in pairs else []),
    ]
    return table[columns].reset_index(drop=True)


@shown_once
def shared_grantees(visit: Visit) -> Chart | None:
    """Funder by funder: how many organisations both pay (C08); None without two funders."""
    signed = portfolio.picture(visit).signed
    cells = overlap.co_funding(signed[["funder_id", "recipient_id"]], MOST_FUNDERS)
    if cells["first"].nunique() < 2:
        return None
    names = signed.drop_duplicates("funder_id").set_index("funder_id")["funder"]
    cells = cells.assign(first_funder=cells["first"].map(names), second_funder=cells["second"].map(names))
    own = cells["first"] == cells["second"]
    cells["word"] = pd.cut(cells["shared"], [-1, 0, 1, 3, float("inf")], labels=SHARED_STEPS).astype("str")
    cells["word"] = cells["word"].mask(own, "own_grantees")
    cells["text"] = cells["shared"].map(lambda n: written.number(n) if n else "·")
    cells["short_first"], cells["short_second"] = (
        cells[column].map(charts.shortened) for column in ("first_funder", "second_funder")
    )
    pairs = cells[(cells["first"] < cells["second"]) & (cells["shared"] > 0)]
    pairs = pairs.sort_values(["shared", "first_funder", "second_funder"], ascending=[False, True, True])
    title = _most_shared(pairs)
    pictured = grids.Grid(cells, "short_first", "short_second", "text", "word", levels(SHARED_WORDS))
    off_diagonal = replace(pictured, cells=cells[cells["first"] < cells["second"]])
    per_grantee = signed.groupby("recipient_id")["funder_id"].nunique()
    return Chart(
        "co_funding",
        title,
        pairs.assign(shared_grantees=pairs["shared"], share_of_smaller=pairs["overlap_coefficient"])[
            ["first_funder", "second_funder", "shared_grantees", "share_of_smaller"]
        ],
        _(
            "Organisations both funders signed a grant with; on the diagonal each funder's own. The {n} largest. {k} of {m} funded "
            "organisations have three or more funders."
        ).format(
            n=written.number(cells["first"].nunique()),
            k=written.number(int((per_grantee >= 3).sum())),
            m=written.number(len(per_grantee)),
        ),
        pictured.whole(),
        charts.alternative(
            title, list(pairs["first_funder"] + " · " + pairs["second_funder"]), [str(n) for n in pairs["shared"]]
        ),
        narrow=off_diagonal.listed("shared"),
    )


def _most_shared(pairs: pd.DataFrame) -> str:
    """Which two funders share the most grantees; neutral where none or several do."""
    if pairs.empty or (len(pairs) > 1 and pairs["shared"].iloc[0] == pairs["shared"].iloc[1]):
        return _("Grantees that funders share")
    first = pairs.iloc[0]
    said = ngettext(
        "{a} and {b} share the most grantees: {n}", "{a} and {b} share the most grantees: {n}", int(first["shared"])
    )
    return said.format(a=first["first_funder"], b=first["second_funder"], n=written.number(first["shared"]))


SHARED_STEPS = ("none_shared", "one_shared", "few_shared", "many_shared")
SHARED_WORDS = ("none_shared", "own_grantees", "one_shared", "few_shared", "many_shared")


def funder_pair_names(shown: Chart) -> dict[str, str]:
    """Pairs of funders whose shared grantees can be opened."""
    rows = shown.rows.itertuples()
    return {f"{n}": f"{r.first_funder} · {r.second_funder} ({r.shared_grantees})" for n, r in enumerate(rows)}


def rows_of_funders(visit: Visit, shown: Chart, chosen: str) -> Table:
    """The organisations both funders pay, with what each signed."""
    pair = shown.rows.iloc[int(chosen)]
    signed = portfolio.picture(visit).signed
    by = [signed[signed["funder"] == pair[side]] for side in ("first_funder", "second_funder")]
    both = by[0][by[0]["recipient_id"].isin(by[1]["recipient_id"])].groupby(["recipient_id", "recipient"])
    rows = both["minor"].sum().rename("from_first").reset_index()
    rows["from_second"] = rows["recipient_id"].map(by[1].groupby("recipient_id")["minor"].sum())
    rows = rows.sort_values("from_first", ascending=False).assign(organisation=rows["recipient"])
    title = _("Paid by {a} and by {b}").format(a=pair["first_funder"], b=pair["second_funder"])
    return Table("funders_rows", title, rows[["organisation", "from_first", "from_second"]].reset_index(drop=True))


@shown_once
def project_names(found: Overlap) -> dict[str, str]:
    """Projects with a similar one, by name."""
    sides = [found.pairs[[f"project_{s}", f"name_{s}", f"organisation_{s}"]].set_axis(range(3), axis=1) for s in "ab"]
    both = pd.concat(sides).drop_duplicates(0).sort_values([1, 0])
    return {str(project): f"{name} ({lead})" for project, name, lead in both.itertuples(index=False, name=None)}


@shown_once
def around(found: Overlap, project: str) -> Chart:
    """What one project resembles: its closest neighbours with the range missing facts leave open."""
    chosen = int(project)
    of_a, of_b = found.pairs["project_a"] == chosen, found.pairs["project_b"] == chosen
    mine = found.pairs[of_a | of_b].sort_values("score", ascending=False, kind="stable").head(MOST_NEIGHBOURS)
    is_first = mine["project_a"] == chosen
    other = {column: mine[f"{column}_b"].where(is_first, mine[f"{column}_a"]) for column in ("name", "organisation")}
    rows = mine.assign(project=other["name"], organisation=other["organisation"])
    rows = rows.assign(pair_score=rows["score"], pair_low=rows["low"], pair_high=rows["high"])
    name = (mine["name_a"].where(is_first, mine["name_b"])).iloc[0]
    title = _("{project} resembles {n} others").format(project=name, n=written.number(int((of_a | of_b).sum())))
    return Chart(
        "around",
        title,
        rows[["project", "organisation", "pair_score", "pair_low", "pair_high", "days_together", "status"]],
        _("Similarity out of 100, the closest first; the bar says what missing facts could change."),
        charts.closeness(rows, "project", {s: codes.word(s) for s in rows["status"].unique()}),
        charts.alternative(title, list(rows["project"]), [written.percent(s) for s in rows["score"]]),
    )


def facts_to_fill(visit: Visit, found: Overlap) -> Table:
    """Which fact of which project would settle most undecided pairs."""
    unclear = found.with_status("cannot_tell")
    projects = read(queries.overlap.projects(visit.viewer))
    facets = read(queries.overlap.facets(visit.viewer))
    rows = overlap.facts_to_fill(unclear, projects, facets).merge(projects, on="project_id")
    return Table(
        "facts",
        ngettext(
            "{n} missing fact keeps pairs from being judged",
            "{n} missing facts keep pairs from being judged",
            len(rows),
        ).format(n=written.number(len(rows))),
        rows.assign(undecided=rows["pairs"])[["project", "organisation", "fact", "undecided"]],
        _(
            "Those that settle most pairs first. A place may be missing because it is withheld from you, not because "
            "nobody knows it."
        ),
    )


@shown_once
def notes(found: Overlap) -> list[str]:
    """How the score is made, how far it is tested, and how many pairs each word holds."""
    weights = {facet: written.percent(weight) for facet, weight in overlap.WEIGHTS.items()}
    answered = int(found.pairs["answer"].notna().sum())
    marks = _("Marks: {p} to check, {r} related, {d} days together.").format(
        p=written.number(overlap.POSSIBLE * 100), r=written.number(overlap.RELATED * 100), d=overlap.MINIMUM_DAYS
    )
    if answered < overlap.VALIDATED_FROM:
        marks += " " + _("Starting values, not yet validated: {n} of {m} answers so far.").format(
            n=written.number(answered), m=written.number(overlap.VALIDATED_FROM)
        )
    return [
        _("Similar does not mean wasteful: several providers can be right."),
        _(
            "Only facts entered here are compared. The score weighs activity {activity}, host country {host_country}, "
            "audience {audience} and language {language}; a value few projects share counts more."
        ).format(**weights),
        _("Compared are projects that ran, or are to run, within {n} days of the cut-off.").format(
            n=written.number(overlap.WINDOW_DAYS)
        ),
        marks,
        *(
            _(
                "{status}: the {n} strongest of {m} in the whole network are kept here, so that counts are at least."
            ).format(status=written.capital(codes.word(label)), n=written.number(STRONGEST), m=written.number(total))
            for label, total in found.cut.items()
        ),
        *(f"{codes.word(status)}: {written.number(n)}" for status, n in found.pairs["status"].value_counts().items()),
    ]
