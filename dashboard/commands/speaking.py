"""The command line in the language of whoever types: help is translated when it is shown, and click's own words with it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import click
from click import core, decorators, exceptions, formatting, parser, types

from dashboard.commands.refusal import Refused
from data_access import i18n
from data_access.i18n import N_, _

VARIABLE = "MERIDIAN_LANGUAGE"
LOCALES = ("LC_ALL", "LC_MESSAGES", "LANG")
OF_CLICK = (
    N_("Usage:"), N_("Options"), N_("Commands"), N_("Show this message and exit."), N_("required"),
    N_("default: {default}"), N_("Error: {message}"), N_("Try '{command} {option}' for help."),
    N_("Did you mean {possibility}?"), N_("(Did you mean one of: {possibilities}?)"), N_("No such option {name!r}."),
    N_("No such command {name!r}."), N_("Missing command."), N_("Option {name!r} does not take a value."),
    N_("Option {name!r} requires an argument."), N_("Missing argument"), N_("Missing option"), N_("Missing parameter"),
    N_("Got unexpected extra argument ({args})"), N_("Got unexpected extra arguments ({args})"),
    N_("Invalid value: {message}"), N_("Invalid value for {param_hint}: {message}"), N_("Choose from:\n\t{choices}"),
    N_("{value!r} is not {choice}."), N_("{value!r} is not one of {choices}."),
    N_("{value!r} is not a valid {number_type}."), N_("{value!r} does not match the format {format}."),
    N_("{value!r} does not match the formats {formats}."),
)  # fmt: skip
"""What click says by itself here."""


def _one_or_several(one: str, several: str, n: int) -> str:
    return _(one if n == 1 else several)


for _part in (core, decorators, exceptions, formatting, parser, types):
    vars(_part).update(_=_, ngettext=_one_or_several)


class _Spoken:
    """Something with a help text: kept as it is written, translated when it is read."""

    written: str | None = None
    names: Callable[[], Mapping[str, str]] | None = None

    def _read(self) -> str | None:
        if not self.written:
            return self.written
        return _(self.written).format(**self.names()) if self.names else _(self.written)

    def _write(self, text: str | None) -> None:
        self.written = text

    help = property(_read, _write)


class Option(_Spoken, click.Option):
    """An option with its help in the language of whoever reads it; `names` gives what stands in its braces."""

    def __init__(self, *args: Any, names: Callable[[], Mapping[str, str]] | None = None, **facts: Any) -> None:
        super().__init__(*args, **facts)
        self.names = names


def _helping(option: click.Option | None) -> click.Option | None:
    """click writes the text of `--help` once, before a language is known."""
    if option is not None:
        option.help = _("Show this message and exit.")
    return option


class Command(_Spoken, click.Command):
    """A command with its help in the language of whoever reads it; `names` gives what stands in its braces."""

    def __init__(self, *args: Any, names: Callable[[], Mapping[str, str]] | None = None, **facts: Any) -> None:
        super().__init__(*args, **facts)
        self.names = names

    def get_help_option(self, ctx: click.Context) -> click.Option | None:
        """The option that shows the help."""
        return _helping(super().get_help_option(ctx))


class Group(_Spoken, click.Group):
    """Commands with their help in the language of whoever reads it."""

    command_class = Command

    def get_help_option(self, ctx: click.Context) -> click.Option | None:
        """The option that shows the help."""
        return _helping(super().get_help_option(ctx))


command = partial(click.command, cls=Command)
group = partial(click.group, cls=Group)
option = partial(click.option, cls=Option)


def speak(code: str) -> None:
    """Say everything in this language from here on. Raises Refused for one there is no catalogue for."""
    if code not in i18n.languages():
        said = _("There is no language {code} here; there are: {codes}.")
        raise Refused(said.format(code=repr(code), codes=_codes()["codes"]))
    i18n.language.set(code)


def speak_as_here() -> None:
    """Speak as MERIDIAN_LANGUAGE says, else as the system does if there is a catalogue, else English. Raises Refused."""
    locale = next(filter(None, map(os.environ.get, LOCALES)), None)
    speak(os.environ.get(VARIABLE) or i18n.spoken(locale) or i18n.SOURCE)


def _codes() -> dict[str, str]:
    return {"codes": ", ".join(i18n.languages())}


language = option(
    "--language",
    metavar="CODE",
    is_eager=True,
    expose_value=False,
    callback=lambda _context, _parameter, code: speak(code) if code else None,
    names=_codes,
    help=N_(
        "Language of all that is said: {codes}; default: MERIDIAN_LANGUAGE, else the system's if it is one of them."
    ),
)


def table(headings: Sequence[str], rows: Iterable[Sequence[Any]], first: int, least: int) -> Iterator[str]:
    """The lines of a table of figures, each column as wide as its heading needs in this language."""
    first = max(first, len(headings[0]) + 1)
    wide = [max(least, len(heading) + 2) for heading in headings[1:]]
    yield f"{headings[0]:<{first}}" + "".join(f"{one:>{w}}" for one, w in zip(headings[1:], wide, strict=True))
    for name, *figures in rows:
        yield f"{name:<{first}}" + "".join(f"{figure:>{w},}" for figure, w in zip(figures, wide, strict=True))
