"""The audit of a release: what an attacker with linear programming could learn from everything published of a year.

SECURITY.md 1.2. The attacker knows every published cell, how cells add up (all = sum of groups = sum over routes, year =
sum of periods), how they were rounded, that nobody is relocated whose case has not ended, and perhaps one country's
exact figures. A release passes when she can prove of no hidden cell that anybody is in it, and when at least five
values of it stay possible.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.optimize import linprog

from data_access.i18n import _

Cell = tuple[str, str, str, str]
"""measure, period, country group, route group"""

ALL = "all"
CLOSED, RELOCATED = "closed", "relocated"
VALUES_POSSIBLE = 5
TOLERANCE = 1e-6


@dataclass(frozen=True)
class Rounding:
    """How counts were protected: below `k` hidden, else moved to a multiple of `base` by less than `base`."""

    k: int
    base: int

    def interval(self, value: int | None) -> tuple[int, int]:
        """The whole numbers a published value may stand for."""
        if value is None:
            return 0, self.k - 1
        return max(self.k, value - self.base + 1), value + self.base - 1


@dataclass(frozen=True)
class Structure:
    """What cells are sums of: groups and routes, the periods of the year, measures and the bands of durations."""

    measures: tuple[str, ...]
    countries: tuple[str, ...]
    routes: tuple[str, ...]
    periods: tuple[str, ...]
    year: str
    bands: tuple[str, ...]

    def atoms(self) -> list[Cell]:
        """The finest counts: measure x period x country group x route group, and bands per period."""
        fine = [(m, p, c, r) for m in self.measures for p in self.periods for c in self.countries for r in self.routes]
        return fine + [(band, p, ALL, ALL) for band in self.bands for p in self.periods]

    def covers(self, cell: Cell) -> Callable[[Cell], bool]:
        """Which atoms `cell` is the sum of."""
        measure, period, country, route = cell
        return lambda atom: (
            atom[0] == measure
            and (period == self.year or atom[1] == period)
            and (country == ALL or atom[2] == country)
            and (route == ALL or atom[3] == route)
        )


class Impossible(ValueError):
    """The cells contradict each other or what the attacker is said to know: there is nothing to audit."""


class Audit:
    """The attacker's linear programme over a list of cells; built once, asked for every draw and every attacker."""

    def __init__(
        self,
        cells: Iterable[Cell],
        structure: Structure,
        rounding: Rounding,
        holds: Callable[[Cell], bool] = lambda _atom: True,
    ) -> None:
        """`holds` says of which atoms it is true that the relocated are among the ended; she assumes it only there."""
        self.rounding = rounding
        self.atoms = structure.atoms()
        self.place = {atom: n for n, atom in enumerate(self.atoms)}
        self.rows = {cell: self._row(cell, structure) for cell in cells}
        order = [lesser - greater for lesser, greater in self._life_cycle(structure, holds)]
        self.matrix = sparse.vstack([*self.rows.values(), *(-row for row in self.rows.values()), *order]).tocsr()
        self.order_limits = np.zeros(len(order))

    def provable(
        self, values: Mapping[Cell, int | None], known: Mapping[Cell, tuple[int, int | None]] | None = None
    ) -> list[Cell]:
        """The hidden cells an attacker could prove inhabited or narrow to fewer than five values; empty when safe.

        `values` holds a published value for each cell of the audit. `known`: atom -> (at least, at most or None) the
        attacker knows from elsewhere, such as her own country's figures. Then the same is asked about the others in
        each cell; where her own people leave fewer than five values below the mark, all of those must stay possible.
        Cells that are hers alone are not asked about. Raises Impossible.
        """
        attacker = _Attacker(self, values, known or {})
        hidden = [cell for cell in self.rows if values[cell] is None and not attacker.is_hers(cell)]
        inhabited = attacker.failing(hidden, attacker.lowest, lambda _cell, others: others <= TOLERANCE)
        narrow = attacker.failing(
            hidden, attacker.highest, lambda cell, others: others >= attacker.enough(cell) - TOLERANCE
        )
        return [cell for cell in hidden if cell in inhabited or cell in narrow]

    def _row(self, cell: Cell, structure: Structure) -> sparse.csr_matrix:
        covers = structure.covers(cell)
        return self._sum(n for n, atom in enumerate(self.atoms) if covers(atom))

    def _sum(self, places: Iterable[int]) -> sparse.csr_matrix:
        columns = list(places)
        shape = (1, len(self.atoms))
        return sparse.csr_matrix((np.ones(len(columns)), (np.zeros(len(columns), int), columns)), shape=shape)

    def _life_cycle(
        self, structure: Structure, holds: Callable[[Cell], bool]
    ) -> Iterable[tuple[sparse.csr_matrix, sparse.csr_matrix]]:
        """Nobody is relocated whose case has not ended; bands hold no more people than ended cases."""
        if {CLOSED, RELOCATED} <= set(structure.measures):
            for atom in self.atoms:
                if atom[0] == RELOCATED and holds(atom):
                    yield self._sum([self.place[atom]]), self._sum([self.place[CLOSED, *atom[1:]]])
        if CLOSED in structure.measures and structure.bands:
            for period in structure.periods:
                bands = self._sum(self.place[band, period, ALL, ALL] for band in structure.bands)
                yield bands, self._row((CLOSED, period, ALL, ALL), structure)


class _Attacker:
    """Somebody who knows every published value and perhaps some atoms."""

    def __init__(self, audit: Audit, values: Mapping[Cell, int | None], known: Mapping) -> None:
        self.rows, self.matrix, self.k, self.values = audit.rows, audit.matrix, audit.rounding.k, values
        self.bounds = [known.get(atom, (0, None)) for atom in audit.atoms]
        intervals = [audit.rounding.interval(values[cell]) for cell in audit.rows]
        highs, lows = [high for _low, high in intervals], [-low for low, _high in intervals]
        self.limits = np.concatenate([highs, lows, audit.order_limits])

    def is_hers(self, cell: Cell) -> bool:
        bounds = [self.bounds[n] for n in self.rows[cell].indices]
        return all(low == high for low, high in bounds)

    def hers(self, cell: Cell) -> float:
        """How many people of the cell the attacker knows of."""
        return float(sum(self.bounds[n][0] for n in self.rows[cell].indices))

    def enough(self, cell: Cell) -> float:
        """The largest value of the others that must be possible: what her own people leave below the mark, in the cell
        and, as nobody is relocated whose case has not ended, in the hidden cell of ended cases."""
        ended = (CLOSED, *cell[1:])
        above = [ended] if cell[0] == RELOCATED and self.values.get(ended, 0) is None else []
        return min(VALUES_POSSIBLE - 1, *(self.k - 1 - self.hers(one) for one in (cell, *above)))

    def failing(
        self, hidden: list[Cell], solve: Callable[[list[Cell]], np.ndarray], passes: Callable[[Cell, float], bool]
    ) -> set[Cell]:
        """Which of `hidden` no solution lets pass: one solution serves many cells, what is left is asked one by one."""
        left = list(hidden)
        while left:
            values = solve(left)
            still = [cell for cell, value in zip(left, values, strict=True) if not passes(cell, value)]
            if len(still) < len(left):
                left = still
                continue
            return {cell for cell in left if not passes(cell, float(solve([cell])[0]))}
        return set()

    def lowest(self, cells: list[Cell]) -> np.ndarray:
        """How many others the cells hold where their sum is least."""
        goal = sum(self.rows[cell] for cell in cells)
        return self._values(cells, self._solve(goal.toarray().ravel(), self.matrix, self.limits, self.bounds))

    def highest(self, cells: list[Cell]) -> np.ndarray:
        """How many others the cells hold where as many cells as possible hold enough."""
        wanted = sparse.vstack([self.rows[cell] for cell in cells])
        n = len(cells)
        matrix = sparse.vstack(
            [
                sparse.hstack([self.matrix, sparse.csr_matrix((self.matrix.shape[0], n))]),
                sparse.hstack([-wanted, sparse.eye(n)]),
            ]
        ).tocsr()
        goal = np.concatenate([np.zeros(len(self.bounds)), -np.ones(n)])
        bounds = [*self.bounds, *((0, max(0.0, self.enough(cell))) for cell in cells)]
        limits = np.concatenate([self.limits, [-self.hers(cell) for cell in cells]])
        return self._values(cells, self._solve(goal, matrix, limits, bounds))

    def _values(self, cells: list[Cell], atoms: np.ndarray) -> np.ndarray:
        return np.array([float((self.rows[cell] @ atoms[: len(self.bounds)])[0]) - self.hers(cell) for cell in cells])

    def _solve(self, goal: np.ndarray, matrix: sparse.csr_matrix, limits: np.ndarray, bounds: list) -> np.ndarray:
        found = linprog(goal, A_ub=matrix, b_ub=limits, bounds=bounds, method="highs")
        if found.status != 0:
            raise Impossible(_("The audit has no solution: {why}").format(why=found.message))
        return found.x
