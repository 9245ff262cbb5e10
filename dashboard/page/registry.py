"""The pages there are: each file in `pages/` says its own name, title, place and which filters apply to it."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from types import ModuleType

from dashboard.page.blocks import Blocks
from dashboard.page.visit import Visit
from data_access.filters import LISTS

EVERY_LIST = tuple(LISTS.values())
"""What a page applies that every filter of several values changes."""


class NoSuchPage(ValueError):
    """There is no page of this name."""


class NoSuchFilter(ValueError):
    """A page says that a filter applies which is none."""


@dataclass(frozen=True)
class Page:
    """A page: its file's name, its name in the navigation, its title ("" when it yields one), icon and place there (numbers with gaps, so that a page can come between two).

    `applies`: fields of `Filters` that change it, "period" and "scope"; `about`: the parameter of its address that says
    what it is about, without which it is in no navigation; `needs_refresh`: shows what is summed up at refresh, so that its
    cut-off moves with it alone.
    """

    file: str
    name: str
    title: str
    icon: str
    place: int
    applies: tuple[str, ...]
    about: str | None
    needs_refresh: bool
    blocks: Callable[[Visit], Blocks]

    @property
    def path(self) -> str:
        """The page in an address."""
        return self.file.replace("_", "-")


def page(
    name: str,
    title: str = "",
    *,
    icon: str,
    place: int,
    applies: tuple[str, ...] = (),
    about: str | None = None,
    needs_refresh: bool = False,
) -> Callable[[Callable[[Visit], Blocks]], Page]:
    """Makes a page of the generator that yields its blocks; see `Page`. `name` and `title` are marked with `N_`. Raises
    NoSuchFilter."""

    def made(blocks: Callable[[Visit], Blocks]) -> Page:
        if unknown := set(applies) - {*EVERY_LIST, "period", "scope"}:
            known = ", ".join(EVERY_LIST)
            raise NoSuchFilter(
                f"{blocks.__module__}: applies names {', '.join(sorted(unknown))}; a page applies {known}, period or scope."
            )
        file = blocks.__module__.rpartition(".")[2]
        return Page(file, name, title, icon, place, applies, about, needs_refresh, blocks)

    return made


@lru_cache(1)
def pages() -> dict[str, Page]:
    """Every page by its file's name, in reading order; the first one is where readers begin."""
    folder = importlib.import_module("pages")
    modules = (importlib.import_module(f"pages.{found.name}") for found in pkgutil.iter_modules(folder.__path__))
    found = [one for module in modules for one in _pages_in(module)]
    return {one.file: one for one in sorted(found, key=lambda one: one.place)}


def _pages_in(module: ModuleType) -> list[Page]:
    """The pages a file makes. Raises NoSuchPage where it makes none."""
    if found := [value for value in vars(module).values() if isinstance(value, Page)]:
        return found
    raise NoSuchPage(f"{module.__file__} makes no page: put @page of dashboard/page/registry.py over its generator.")


def listed() -> dict[str, Page]:
    """The pages of the navigation."""
    return {file: one for file, one in pages().items() if one.about is None}


def find(file: str) -> Page:
    """The page of this file. Raises NoSuchPage."""
    try:
        return pages()[file]
    except KeyError:
        raise NoSuchPage(f"There is no page {file!r}; pages are {', '.join(sorted(pages()))}.") from None
