"""A digest as text, HTML and Atom: files for a network's own mail or reader; nothing here sends anything."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from datetime import date
from xml.etree import ElementTree

from dashboard.answers import crossed
from dashboard.answers.crossed import Crossed
from dashboard.files.formats import without_controls
from dashboard.page import links, offer, registry
from dashboard.page.visit import Visit
from dashboard.words import written
from data_access.i18n import _, language, ngettext

ATOM = "http://www.w3.org/2005/Atom"
STYLE = "body{font:16px/1.5 system-ui,sans-serif;max-width:42rem;margin:2rem auto;padding:0 1rem;color:#1b2733}h1{font-size:1.4rem}h2{font-size:1.1rem;margin:1.5rem 0 .3rem}li{margin:.3rem 0}a{color:#12436d}p{color:#4a5864}"
Lines = Mapping[str, Sequence[Crossed]]


def title(found: Lines) -> str:
    """How many lines were crossed."""
    n = sum(len(lines) for lines in found.values())
    return ngettext("Meridian: {n} line was crossed", "Meridian: {n} lines were crossed", n).format(n=written.number(n))


def _about(visit: Visit, since: date) -> str:
    return _("Filters: {filters} · as of {as_of} · since {since} · each line is told once in six months").format(
        filters=offer.sentence(visit), as_of=written.day(visit.as_of), since=written.day(since)
    )


def _link(visit: Visit, one: Crossed) -> str:
    asked = {**visit.filters.to_parameters(), **one.asked}
    return links.from_outside(links.to(registry.find(one.page).path, asked))


def as_text(visit: Visit, found: Lines, since: date) -> str:
    """Plain text, for a mail."""
    parts = [title(found), _about(visit, since)]
    for rule, lines in found.items():
        parts += ["", crossed.heading(rule), *(f"- {one.said}\n  {_link(visit, one)}" for one in lines)]
    return "\n".join(parts) + "\n"


def as_html(visit: Visit, found: Lines, since: date) -> str:
    """One page without scripts, pictures or anything from elsewhere."""
    parts = [f"<h1>{html.escape(title(found))}</h1>", f"<p>{html.escape(_about(visit, since))}</p>"]
    for rule, lines in found.items():
        look = html.escape(_("Look"))
        items = "".join(
            f'<li>{html.escape(one.said)} <a href="{html.escape(_link(visit, one))}">{look}</a></li>' for one in lines
        )
        parts.append(f"<h2>{html.escape(crossed.heading(rule))}</h2><ul>{items}</ul>")
    return (
        f'<!doctype html><html lang="{language.get()}"><head><meta charset="utf-8"><meta name="robots" content="noindex">'
        f"<title>{html.escape(title(found))}</title><style>{STYLE}</style></head><body>{''.join(parts)}</body></html>\n"
    )


def as_atom(visit: Visit, found: Lines, audience: str, day: date) -> bytes:
    """A feed of these lines; ids are of audience, rule and what each is about, so that a reader shows none twice."""
    ElementTree.register_namespace("", ATOM)
    feed = ElementTree.Element(f"{{{ATOM}}}feed")
    moment = f"{day.isoformat()}T00:00:00Z"
    _put(feed, id=f"urn:meridian:digest:{audience}", title=title(found), updated=moment)
    author = ElementTree.SubElement(feed, f"{{{ATOM}}}author")
    _put(author, name="Meridian")
    for rule, lines in found.items():
        for one in lines:
            entry = ElementTree.SubElement(feed, f"{{{ATOM}}}entry")
            named = f"urn:meridian:digest:{audience}:{rule}:{one.about}:{day.isoformat()}".replace(" ", "_")
            _put(entry, id=named, title=one.said, updated=moment, summary=crossed.heading(rule))
            ElementTree.SubElement(entry, f"{{{ATOM}}}link", href=_link(visit, one))
    return ElementTree.tostring(feed, encoding="utf-8", xml_declaration=True)


def _put(parent: ElementTree.Element, **texts: str) -> None:
    for name, text in texts.items():
        ElementTree.SubElement(parent, f"{{{ATOM}}}{name}").text = without_controls(text)
