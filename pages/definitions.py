"""Every term and column, what it means, and where its method is written."""

from dashboard import view
from dashboard.i18n import _
from dashboard.topics import definitions

view.begin("definitions", _("Definitions"))
view.caption(_("What every figure on these pages means."))
view.glossary(definitions.figures())
view.glossary(definitions.columns())
view.points(_("Words this house avoids"), definitions.words_avoided())
