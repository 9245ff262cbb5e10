"""Every term and column, what it means, and where its method is written."""

from dashboard.answers import definitions as meanings
from dashboard.page.blocks import Blocks, Caption, Glossary, Part, Points, Search
from dashboard.page.registry import page
from dashboard.page.visit import Visit
from data_access.i18n import N_, _


@page(N_("Definitions"), N_("Definitions"), icon="menu_book", place=80)
def definitions(_visit: Visit) -> Blocks:
    """Figures, columns, and the words that are avoided."""
    yield Caption(_("What every figure on these pages means."))
    words = yield Search(_("Search a word"), _("part of a term or of its meaning"))
    tables = {"figures": meanings.of_figures, "rules": meanings.of_rules, "columns": meanings.of_columns}
    if words:
        for table in tables.values():
            yield Glossary(meanings.holding(table(), words))
        return
    part = yield Part(meanings.part_names())
    if part in tables:
        yield Glossary(tables[part]())
    else:
        yield Points(_("Words this house avoids"), meanings.words_avoided())
