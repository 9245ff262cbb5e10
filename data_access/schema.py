"""The tables of both databases, as SQLAlchemy Core.

`shared` holds who, where, what, money, published figures and provenance; `cases` holds relocation cases and is
reached only by the coordinators' deployment. Money is BIGINT minor units beside an ISO 4217 code; NULL means
unknown and is never written as 0. No column holds a name, a contact, a birth date or free text about a person.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
shared = MetaData(naming_convention=NAMING)
cases = MetaData(naming_convention=NAMING)

INDEPENDENCE = ("independent", "state_linked", "unknown")
VISIBILITY = ("public", "network", "aggregate_only")
PRESENCE_ROLES = ("registered", "team", "activity")
PARTNER_KINDS = ("civil_society", "university", "public_body", "faith_community", "business", "other")
PRECISIONS = ("city", "country", "region", "undisclosed")
CONTESTED = ("initiative", "project", "grant", "source")
CONTESTS = ("wrong", "outdated", "counted_twice", "not_to_be_listed", "not_ours")
SETTLEMENTS = ("mended", "kept_right", "kept_source", "kept_unclear")
HIDING_PRECISIONS = ("region", "undisclosed")
FACETS = ("activity", "audience", "host_country", "language", "method")
MERGE_DECISIONS = ("merged", "kept_apart")
SAME_MONEY_DECISIONS = ("waiting", "one", "two")
GRANT_STATUSES = ("pledge", "commitment", "cancelled", "unknown")
GRANT_KINDS = ("new", "carry_over", "regrant")
RESTRICTIONS = ("unrestricted", "restricted", "unknown")
NEED_KINDS = ("minimum", "budget", "ambition")
ANSWERS = ("not_a_duplicate", "already_coordinating", "confirmed", "not_sure")
REASONS = ("other_people", "other_place", "other_work", "other_time", "agreed_division", "wrong_facts")
EXPORT_REASONS = ("casework", "handover", "authority", "checking")
ROLES = ("funder", "coordinator", "steward")
PEOPLE_CHANGES = ("added", "changed", "removed")
EVENT_KINDS = ("policy", "funding")
STAGES = (
    "request",
    "verified",
    "file_complete",
    "host_found",
    "authority_applied",
    "approved_not_issued",
    "issued",
    "travelled",
    "legal_stay",
)
AFTER_ARRIVAL = ("permit", "document", "route_changed", "moved_on", "returned")
OUTCOMES = ("relocated", "refused", "withdrawn", "lost_contact", "other_route", "ineligible")


def one_of(column: str, values: Sequence[str], name: str | None = None) -> CheckConstraint:
    """A CHECK that `column` (NULL allowed unless the column says otherwise) holds one of `values`."""
    allowed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({allowed})", name=name or column)


def iso_country(name: str = "host_country", *, nullable: bool = True, primary_key: bool = False) -> Column:
    """An ISO 3166-1 alpha-2 column."""
    return Column(
        name,
        String(2),
        CheckConstraint(f"length({name}) = 2", name=f"{name}_iso"),
        nullable=nullable,
        primary_key=primary_key,
    )


def currency(nullable: bool = False) -> Column:
    """An ISO 4217 column."""
    return Column(
        "currency", String(3), CheckConstraint("length(currency) = 3", name="currency_iso"), nullable=nullable
    )


def ordered(start: str, end: str) -> CheckConstraint:
    """A CHECK that a period does not end before it starts."""
    return CheckConstraint(f"{end} >= {start}", name=f"{start}_before_{end}")


code = Table(
    "code",
    shared,
    Column("facet", String(20), one_of("facet", FACETS), primary_key=True),
    Column("code", String(40), primary_key=True),
    Column("label_en", String(120), nullable=False),
    Column("label_de", String(120), nullable=False),
    Column("label_ru", String(120), nullable=False),
    Column("position", Integer, nullable=False),
)
code_map = Table(
    "code_map",
    shared,
    Column("scheme", String(40), primary_key=True),
    Column("outside_code", String(60), primary_key=True),
    Column("facet", String(20), nullable=False),
    Column("code", String(40), nullable=False),
)


def _provenance(metadata: MetaData) -> tuple[Table, Table, Table, Table, Table]:
    """Where rows came from: each database has its own, so that nothing about cases stands in the shared one."""
    sources = Table(
        "source",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("name", String(120), nullable=False, unique=True),
        Column("owner", String(120)),
        Column("licence", String(120)),
        Column("rhythm_days", Integer, CheckConstraint("rhythm_days > 0", name="rhythm_positive")),
        Column("column_map", Text),
    )
    runs = Table(
        "import_run",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("source_id", ForeignKey("source.id"), nullable=False, index=True),
        Column("loaded_on", Date, nullable=False),
        Column("status", String(12), one_of("status", ("done", "failed", "undone")), nullable=False),
        Column("format", String(20)),
        Column("file_hash", String(64)),
        Column("created", Integer, nullable=False),
        Column("updated", Integer, nullable=False),
        Column("unchanged", Integer, nullable=False),
        Column("rejected", Integer, nullable=False),
        Column("not_seen", Integer, nullable=False, server_default="0"),
    )
    records = Table(
        "source_record",
        metadata,
        Column("source_id", ForeignKey("source.id"), primary_key=True),
        Column("entity", String(30), primary_key=True),
        Column("external_id", String(200), primary_key=True),
        Column("row_key", String(200), nullable=False),
        Column("content_hash", String(64), nullable=False),
        Column("run_id", ForeignKey("import_run.id"), nullable=False, index=True),
        Column("seen_run_id", ForeignKey("import_run.id"), nullable=False, index=True),
    )
    changes = Table(
        "import_change",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("run_id", ForeignKey("import_run.id"), nullable=False, index=True),
        Column("entity", String(30), nullable=False),
        Column("external_id", String(200), nullable=False),
        Column("row_key", String(200), nullable=False),
        Column("before", Text),
        Column("record_before", Text),
    )
    issues = Table(
        "import_issue",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("run_id", ForeignKey("import_run.id"), nullable=False, index=True),
        Column("file_name", String(200)),
        Column("sheet", String(120)),
        Column("row_number", Integer),
        Column("column_name", String(120)),
        Column("value", Text),
        Column("code", String(40), nullable=False),
        Column("message", Text, nullable=False),
        Column("suggestion", Text),
        Column("raw_row", Text),
        Column("is_warning", Boolean, nullable=False, server_default="0"),
    )
    return sources, runs, records, changes, issues


source, import_run, source_record, import_change, import_issue = _provenance(shared)
organisation = Table(
    "organisation",
    shared,
    Column("id", Integer, primary_key=True),
    Column("slug", String(60), nullable=False, unique=True),
    Column("name", String(200), nullable=False, index=True),
    Column("search_key", String(600), nullable=False),
    Column("fiscal_host_id", ForeignKey("organisation.id"), index=True),
    Column("is_initiative", Boolean, nullable=False),
    Column("is_funder", Boolean, nullable=False),
    Column("is_registered", Boolean),
    Column("legal_form", String(20)),
    iso_country("seat_country"),
    Column("founded_on", Date),
    Column("closed_on", Date),
    Column("confirmed_on", Date),
    Column(
        "independence",
        String(20),
        one_of("independence", INDEPENDENCE),
        nullable=False,
        server_default="unknown",
    ),
    Column(
        "visibility",
        String(20),
        one_of("visibility", VISIBILITY),
        nullable=False,
        server_default="aggregate_only",
    ),
    Column("source_id", ForeignKey("source.id"), index=True),
    Column("recorded_on", Date),
    Column("website", String(200)),
    Column("description", String(400)),
    Column("volunteers", Integer),
    Column("paid_staff", Integer),
    CheckConstraint("is_initiative OR is_funder", name="has_a_part"),
    ordered("founded_on", "closed_on"),
)
presence = Table(
    "presence",
    shared,
    Column("id", Integer, primary_key=True),
    Column("organisation_id", ForeignKey("organisation.id"), nullable=False, index=True),
    iso_country(),
    Column("role", String(12), one_of("role", PRESENCE_ROLES), nullable=False),
    Column("precision", String(12), one_of("precision", PRECISIONS), nullable=False),
    Column("place", String(120)),
    Column("started_on", Date),
    Column("ended_on", Date),
    ordered("started_on", "ended_on"),
    UniqueConstraint("organisation_id", "host_country", "role", "place"),
    Index("ix_presence_host_country_role", "host_country", "role"),
)
partnership = Table(
    "partnership",
    shared,
    Column("organisation_a", ForeignKey("organisation.id"), primary_key=True),
    Column("organisation_b", ForeignKey("organisation.id"), primary_key=True, index=True),
    Column("since", Date),
    CheckConstraint("organisation_a < organisation_b", name="sorted_pair"),
)
local_partner = Table(
    "local_partner",
    shared,
    Column("id", Integer, primary_key=True),
    Column("organisation_id", ForeignKey("organisation.id"), nullable=False, index=True),
    Column("name", String(200), nullable=False),
    iso_country(),
    Column("kind", String(20), one_of("kind", PARTNER_KINDS), nullable=False),
    Column("since", Date),
    UniqueConstraint("organisation_id", "name", "host_country"),
)
project = Table(
    "project",
    shared,
    Column("id", Integer, primary_key=True),
    Column("slug", String(60), nullable=False, unique=True),
    Column("name", String(200), nullable=False, index=True),
    Column("organisation_id", ForeignKey("organisation.id"), nullable=False, index=True),
    Column("starts_on", Date),
    Column("ends_on", Date),
    Column("status", String(12), one_of("status", ("planned", "running", "ended", "unknown")), nullable=False),
)
project_facet = Table(
    "project_facet",
    shared,
    Column("project_id", ForeignKey("project.id"), primary_key=True),
    Column("facet", String(20), one_of("facet", FACETS), primary_key=True),
    Column("code", String(40), primary_key=True),
    Column("is_withheld", Boolean, nullable=False, server_default="0"),
    CheckConstraint("NOT is_withheld OR facet = 'host_country'", name="only_places_are_withheld"),
    Index("ix_project_facet_facet_code", "facet", "code"),
)
project_result = Table(
    "project_result",
    shared,
    Column("id", Integer, primary_key=True),
    Column("project_id", ForeignKey("project.id"), nullable=False, index=True),
    Column("what", String(120), nullable=False),
    Column("number", Integer),
    Column("period_start", Date, nullable=False),
    Column("period_end", Date, nullable=False),
    Column("source", String(200), nullable=False),
    ordered("period_start", "period_end"),
)
need = Table(
    "need",
    shared,
    Column("id", Integer, primary_key=True),
    Column("project_id", ForeignKey("project.id"), index=True),
    Column("organisation_id", ForeignKey("organisation.id"), index=True),
    Column("period_start", Date, nullable=False),
    Column("period_end", Date, nullable=False),
    Column("amount_minor", BigInteger, CheckConstraint("amount_minor >= 0", name="amount_not_negative")),
    currency(),
    Column("kind", String(12), one_of("kind", NEED_KINDS), nullable=False),
    Column("confidence", String(8), one_of("confidence", ("low", "medium", "high"))),
    Column("stated_by", String(120)),
    Column("stated_on", Date),
    CheckConstraint("(project_id IS NULL) <> (organisation_id IS NULL)", name="one_subject"),
    ordered("period_start", "period_end"),
)
grant = Table(
    "grant",
    shared,
    Column("id", Integer, primary_key=True),
    Column("reference", String(60), nullable=False, unique=True),
    Column("funder_id", ForeignKey("organisation.id"), index=True),
    Column("recipient_id", ForeignKey("organisation.id"), nullable=False, index=True),
    Column("project_id", ForeignKey("project.id"), index=True),
    Column("parent_grant_id", ForeignKey("grant.id"), index=True),
    Column("joint_group", String(60)),
    Column("amount_minor", BigInteger),
    currency(),
    Column("status", String(12), one_of("status", GRANT_STATUSES), nullable=False),
    Column("kind", String(12), one_of("kind", GRANT_KINDS), nullable=False),
    Column("restriction", String(14), one_of("restriction", RESTRICTIONS), nullable=False),
    Column("committed_on", Date),
    Column("starts_on", Date),
    Column("ends_on", Date),
    Column("recorded_on", Date),
)
grant_country = Table(
    "grant_country",
    shared,
    Column("grant_id", ForeignKey("grant.id"), primary_key=True),
    iso_country(nullable=False, primary_key=True),
    Column("share_bp", Integer, CheckConstraint("share_bp BETWEEN 0 AND 10000", name="share_in_range")),
)
payment = Table(
    "payment",
    shared,
    Column("id", Integer, primary_key=True),
    Column("grant_id", ForeignKey("grant.id"), nullable=False, index=True),
    Column("paid_on", Date),
    Column("amount_minor", BigInteger, nullable=False),
    currency(),
)
fx_rate = Table(
    "fx_rate",
    shared,
    Column("currency", String(3), primary_key=True),
    Column("on_date", Date, primary_key=True),
    Column(
        "micro_per_eur",
        BigInteger,
        CheckConstraint("micro_per_eur > 0", name="rate_positive"),
        nullable=False,
    ),
    Column("rate_set", String(60), nullable=False),
)
policy_event = Table(
    "policy_event",
    shared,
    Column("id", Integer, primary_key=True),
    Column("on_date", Date, nullable=False),
    Column("kind", String(8), one_of("kind", EVENT_KINDS), nullable=False),
    iso_country(),
    Column("label_en", String(160), nullable=False),
    Column("label_de", String(160)),
    Column("label_ru", String(160)),
    UniqueConstraint("on_date", "label_en"),
)
population = Table(
    "population",
    shared,
    iso_country(nullable=False, primary_key=True),
    Column("low", Integer),
    Column("central", Integer, nullable=False),
    Column("high", Integer),
    Column("source", String(200), nullable=False),
    Column("on_date", Date, nullable=False),
)
organisation_finance = Table(
    "organisation_finance",
    shared,
    Column("organisation_id", ForeignKey("organisation.id"), primary_key=True),
    Column("on_date", Date, primary_key=True),
    Column("cash_minor", BigInteger),
    Column("unrestricted_minor", BigInteger),
    Column("monthly_cost_minor", BigInteger),
    currency(),
)
other_income = Table(
    "other_income",
    shared,
    Column("organisation_id", ForeignKey("organisation.id"), primary_key=True),
    Column("year", Integer, primary_key=True),
    Column("kind", String(16), one_of("kind", ("crowdfunding", "diaspora", "earned")), primary_key=True),
    Column("amount_minor", BigInteger),
    currency(),
)
overlap_verdict = Table(
    "overlap_verdict",
    shared,
    Column("id", Integer, primary_key=True),
    Column("project_a", ForeignKey("project.id"), nullable=False),
    Column("project_b", ForeignKey("project.id"), nullable=False),
    Column("answer", String(24), one_of("answer", ANSWERS), nullable=False),
    Column("reason", String(24), one_of("reason", REASONS)),
    Column("subject", String(64), nullable=False),
    Column("answered_at", DateTime(timezone=True), nullable=False),
    Column("facet_hash", String(64), nullable=False),
    CheckConstraint("project_a < project_b", name="sorted_pair"),
    CheckConstraint("answer <> 'not_a_duplicate' OR reason IS NOT NULL", name="says_why"),
    Index("ix_overlap_verdict_pair", "project_a", "project_b"),
)
overlap_pair = Table(
    "overlap_pair",
    shared,
    Column("clearance", String(800), primary_key=True),
    Column("project_a", ForeignKey("project.id"), primary_key=True),
    Column("project_b", ForeignKey("project.id"), primary_key=True, index=True),
    Column("low", Float, nullable=False),
    Column("score", Float, nullable=False),
    Column("high", Float, nullable=False),
    Column("activity", Float),
    Column("host_country", Float),
    Column("audience", Float),
    Column("language", Float),
    Column("days_together", Integer),
    Column("are_partners", Boolean, nullable=False),
    Column("facet_hash", String(64), nullable=False),
    Column("label", String(24), nullable=False),
    Column("flagged_on", Date),
    CheckConstraint("project_a < project_b", name="sorted_pair"),
    CheckConstraint("low <= score AND score <= high", name="bounds"),
)
facet_rarity = Table(
    "facet_rarity",
    shared,
    Column("clearance", String(800), primary_key=True),
    Column("facet", String(20), primary_key=True),
    Column("code", String(40), primary_key=True),
    Column("projects", Integer, nullable=False),
    Column("of_projects", Integer, nullable=False),
)
overlap_total = Table(
    "overlap_total",
    shared,
    Column("clearance", String(800), primary_key=True),
    Column("label", String(24), primary_key=True),
    Column("pairs", Integer, nullable=False),
)
initiative_choice = Table(
    "initiative_choice",
    shared,
    Column("clearance", String(8), primary_key=True),
    Column("kind", String(24), primary_key=True),
    Column("value", String(60), primary_key=True),
    Column("organisation_id", Integer, primary_key=True, autoincrement=False),
)


def _money(name: str, *columns: Column) -> Table:
    """Sums of money in a reporting currency as those know it who are in a circle (`summed_for`); see docs/money.md."""
    whose = Column("circle", Integer, nullable=False), Column("currency", String(3), nullable=False)
    return Table(name, shared, *whose, *columns, Index(None, "circle", "currency", columns[0].name))


def _amounts(*names: str) -> tuple[Column, ...]:
    return tuple(Column(name, BigInteger, nullable=False) for name in names)


def _counts(*names: str) -> tuple[Column, ...]:
    return tuple(Column(name, Integer, nullable=False) for name in names)


def _cell() -> tuple[Column, ...]:
    return Column("host_country", String(12), nullable=False), Column("activity", String(40), nullable=False)


money_month = _money(
    "money_month",
    *_cell(),
    Column("audiences", Text, nullable=False),
    Column("needed_in", Text, nullable=False),
    *_counts("readings"),
    Column("month", Date, nullable=False),
    *_amounts("signed", "pledged", "need"),
    *_counts("known_needs"),
)
money_line = _money(
    "money_line",
    *_counts("year", "line", "organisation_id"),
    Column("funder_id", Integer),
    *_cell(),
    *_counts("readings"),
    *_amounts("received", "passed_on", "need"),
    *_counts("known_needs", "unknown_needs", "parts", "pledges"),
)
Index(None, money_line.c.organisation_id)
Index(None, money_line.c.circle, money_line.c.currency, money_line.c.host_country)
money_recipient = _money(
    "money_recipient",
    *_counts("organisation_id"),
    *_amounts("total", "own", "entered", "carried_over", "unsourced", "from_members", "passed_on", "left_network"),
    *_amounts("outside", "largest", "unnamed", "unrestricted", "restricted", "unknown_status"),
    *_counts("grants", "counted", "unconverted", "undated", "left_out", "funders"),
    Column("largest_funder_id", Integer),
    Column("last_day", Date),
)
money_grantee = _money(
    "money_grantee", *_counts("organisation_id", "year", "grants", "unconverted"), *_amounts("total")
)
money_project = _money("money_project", *_counts("project_id"), *_amounts("total"))
book = _money(
    "book", Column("line", String(24), nullable=False), *_counts("units", "without_amount"), *_amounts("minor")
)
grant_to_fix = _money("grant_to_fix", *_counts("grant_id"), Column("reason", String(20), nullable=False))
summed_for = Table(
    "summed_for",
    shared,
    Column("clearance", String(800), primary_key=True),
    Column("circle", Integer, primary_key=True),
)
money_robustness = Table(
    "money_robustness",
    shared,
    Column("clearance", String(800), primary_key=True),
    Column("currency", String(3), primary_key=True),
    *_counts("drawn"),
    Column("mean", Float),
    Column("largest", Float),
)
published_cell = Table(
    "published_cell",
    shared,
    Column("measure", String(32), primary_key=True),
    Column("period", String(8), primary_key=True),
    Column("country_group", String(24), primary_key=True),
    Column("route_group", String(24), primary_key=True),
    Column("value", Integer),
    Column("release", String(12), nullable=False),
    CheckConstraint("value IS NULL OR (value >= 10 AND value % 5 = 0)", name="protected"),
)
publication_year = Table(
    "publication_year",
    shared,
    Column("year", Integer, primary_key=True),
    Column("periods", String(8), one_of("periods", ("quarters", "halves")), nullable=False),
    Column("country_groups", Text, nullable=False),
    Column("route_groups", Text, nullable=False),
)
meta = Table(
    "meta",
    shared,
    Column("key", String(40), primary_key=True),
    Column("value", String(200), nullable=False),
)
viewer = Table(
    "viewer",
    shared,
    Column("subject", String(64), primary_key=True),
    Column("role", String(12), one_of("role", ROLES), nullable=False),
    Column("all_countries", Boolean, nullable=False, server_default="0"),
    Column("language", String(8)),
)
viewer_country = Table(
    "viewer_country",
    shared,
    Column("subject", ForeignKey("viewer.subject"), primary_key=True),
    iso_country(nullable=False, primary_key=True),
)
people_change = Table(
    "people_change",
    shared,
    Column("id", Integer, primary_key=True),
    Column("changed_at", DateTime(timezone=True), nullable=False),
    Column("changed_by", String(64), nullable=False, server_default=""),
    Column("what", String(8), one_of("what", PEOPLE_CHANGES), nullable=False),
    Column("subject", String(64), nullable=False, index=True),
    Column("role", String(12), nullable=False),
    Column("countries", String(800), nullable=False, server_default=""),
    Column("language", String(8), nullable=False, server_default=""),
)
sign_in = Table(
    "sign_in",
    shared,
    Column("id", String(64), primary_key=True),
    Column("subject", String(64), nullable=False, index=True),
    Column("began_at", DateTime(timezone=True), nullable=False),
    Column("last_seen_at", DateTime(timezone=True), nullable=False),
    Column("ended_at", DateTime(timezone=True)),
)
saved_view = Table(
    "saved_view",
    shared,
    Column("subject", String(64), primary_key=True),
    Column("name", String(80), primary_key=True),
    Column("page", String(40), nullable=False),
    Column("query", String(400), nullable=False),
)
export_log = Table(
    "export_log",
    shared,
    Column("id", Integer, primary_key=True),
    Column("exported_at", DateTime(timezone=True), nullable=False),
    Column("subject", String(64), nullable=False),
    Column("role", String(12), nullable=False),
    Column("scope", String(400), nullable=False, server_default=""),
    Column("page", String(40), nullable=False),
    Column("what", String(80), nullable=False, server_default=""),
    Column("format", String(8), nullable=False, server_default=""),
    Column("filters", String(400), nullable=False),
    Column("release", String(40), nullable=False, server_default=""),
    Column("reason", String(12), one_of("reason", EXPORT_REASONS)),
    Column("rows", Integer, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("refused", Boolean, nullable=False, server_default="0"),
    Column("live_key", String(16), nullable=False, server_default=""),
    Index("ix_export_log_subject_exported_at", "subject", "exported_at"),
)

publication_request = Table(
    "publication_request",
    shared,
    Column("period", String(8), primary_key=True),
    Column("asked_by", String(64), nullable=False),
    Column("asked_at", DateTime(timezone=True), nullable=False),
    Column("is_to_be_withheld", Boolean, nullable=False, server_default="0"),
)
contest = Table(
    "contest",
    shared,
    Column("id", Integer, primary_key=True),
    Column("subject", String(64), nullable=False, index=True),
    Column("entity", String(12), one_of("entity", CONTESTED), nullable=False),
    Column("record_id", Integer, nullable=False),
    Column("kind", String(16), one_of("kind", CONTESTS), nullable=False),
    Column("said_at", DateTime(timezone=True), nullable=False),
    Column("settled_at", DateTime(timezone=True)),
    Column("settled_as", String(16), one_of("settled_as", SETTLEMENTS)),
    Column("settled_by", String(64)),
)
organisation_merge = Table(
    "organisation_merge",
    shared,
    Column("id", Integer, primary_key=True),
    Column("kept_id", Integer, nullable=False, index=True),
    Column("gone_id", Integer, nullable=False, index=True),
    Column("gone_slug", String(60), nullable=False, index=True),
    Column("gone_name", String(200), nullable=False),
    Column("decision", String(12), one_of("decision", MERGE_DECISIONS), nullable=False),
    Column("decided_at", DateTime(timezone=True), nullable=False),
    Column("decided_by", String(64), nullable=False),
    Column("after_run", Integer, nullable=False),
    Column("steps", Text, nullable=False),
)
same_money = Table(
    "same_money",
    shared,
    Column("id", Integer, primary_key=True),
    Column("source_id", ForeignKey("source.id"), nullable=False),
    Column("run_id", ForeignKey("import_run.id"), nullable=False, index=True),
    Column("entity", String(30), nullable=False),
    Column("external_id", String(200), nullable=False),
    Column("kept_id", Integer, nullable=False),
    Column("kept_name", String(200), nullable=False),
    Column("kept_source", String(120), nullable=False),
    Column("decision", String(12), one_of("decision", SAME_MONEY_DECISIONS), nullable=False),
    Column("decided_at", DateTime(timezone=True)),
    Column("decided_by", String(64)),
    Column("steps", Text, nullable=False),
    UniqueConstraint("source_id", "entity", "external_id"),
)
digest_told = Table(
    "digest_told",
    shared,
    Column("id", Integer, primary_key=True),
    Column("audience", String(64), nullable=False, index=True),
    Column("rule", String(20), nullable=False),
    Column("about", String(200), nullable=False),
    Column("told_on", Date, nullable=False),
)
live_key = Table(
    "live_key",
    shared,
    Column("id", String(16), primary_key=True),
    Column("hashed", String(64), nullable=False, unique=True),
    Column("subject", String(64), nullable=False, index=True),
    Column("name", String(60), nullable=False),
    Column("made_at", DateTime(timezone=True), nullable=False),
    Column("expires_on", Date, nullable=False),
    Column("revoked_at", DateTime(timezone=True)),
)
unlisted_count = Table(
    "unlisted_count",
    shared,
    Column("release", String(10), primary_key=True),
    iso_country(nullable=False, primary_key=True),
    Column("released_on", Date, nullable=False),
    Column("organisations", Integer, nullable=False),
)
fault = Table(
    "fault",
    shared,
    Column("id", Integer, primary_key=True),
    Column("noted_at", DateTime(timezone=True), nullable=False),
    Column("reference", String(8), nullable=False, index=True),
    Column("page", String(40), nullable=False),
    Column("kind", String(80), nullable=False),
    Column("places", String(800), nullable=False),
)

case_source, case_import_run, case_source_record, case_import_change, case_import_issue = _provenance(cases)
route = Table(
    "route",
    cases,
    Column("code", String(40), primary_key=True),
    Column("label_en", String(120), nullable=False),
    Column("label_de", String(120), nullable=False),
    Column("label_ru", String(120), nullable=False),
    Column("position", Integer, nullable=False),
)
legal_clock = Table(
    "legal_clock",
    cases,
    Column("id", Integer, primary_key=True),
    Column("route", ForeignKey("route.code"), nullable=False, index=True),
    iso_country(),
    Column("days", Integer, CheckConstraint("days > 0", name="days_positive"), nullable=False),
    Column("valid_from", Date),
    Column("valid_until", Date),
    ordered("valid_from", "valid_until"),
)
relocation_case = Table(
    "relocation_case",
    cases,
    Column("id", String(36), primary_key=True),
    Column("handler_id", Integer),
    Column("people", Integer, CheckConstraint("people > 0", name="people_positive")),
    iso_country("waiting_country"),
    Column("number_key", String(36), index=True),
)
case_episode = Table(
    "case_episode",
    cases,
    Column("id", String(36), primary_key=True),
    Column("case_id", ForeignKey("relocation_case.id"), nullable=False),
    Column("episode_no", Integer, CheckConstraint("episode_no > 0", name="episode_positive"), nullable=False),
    Column("opened_on", Date),
    Column("entered_on", Date),
    Column("closed_on", Date),
    Column("status", String(8), one_of("status", ("open", "closed")), nullable=False),
    Column("outcome", String(16), one_of("outcome", OUTCOMES)),
    Column("route", ForeignKey("route.code")),
    iso_country(),
    Column("recorded_on", Date),
    CheckConstraint("status = 'closed' OR (closed_on IS NULL AND outcome IS NULL)", name="open_has_no_ending"),
    UniqueConstraint("case_id", "episode_no"),
    Index("ix_case_episode_host_country_opened_on", "host_country", "opened_on"),
)
stage_event = Table(
    "stage_event",
    cases,
    Column("episode_id", ForeignKey("case_episode.id"), primary_key=True),
    Column("stage", String(24), one_of("stage", STAGES), primary_key=True),
    Column("entered_on", Date, primary_key=True),
    Column("recorded_on", Date),
)
hold = Table(
    "hold",
    cases,
    Column("episode_id", ForeignKey("case_episode.id"), primary_key=True),
    Column("held_from", Date, primary_key=True),
    Column("held_to", Date),
    Column("reason", String(24), one_of("reason", ("applicant", "authority", "host", "unknown")), nullable=False),
)
after_arrival = Table(
    "after_arrival",
    cases,
    Column("episode_id", ForeignKey("case_episode.id"), primary_key=True),
    Column("event", String(16), one_of("event", AFTER_ARRIVAL), primary_key=True),
    Column("on_date", Date, primary_key=True),
    Column("until", Date),
    ordered("on_date", "until"),
)
capacity = Table(
    "capacity",
    cases,
    iso_country(nullable=False, primary_key=True),
    Column("period_start", Date, primary_key=True),
    Column("period_end", Date, nullable=False),
    Column("places", Integer, nullable=False),
)


def _case_keys(*more: Column) -> tuple[Column, ...]:
    """Host country and route, which every case summary is counted by, then `more` of its key."""
    return (
        Column("host_country", String(2), primary_key=True),
        Column("route", String(40), primary_key=True),
        *more,
    )


case_day = Table(
    "case_day",
    cases,
    Column("on_date", Date, primary_key=True),
    *_case_keys(),
    Column("opened", Integer, nullable=False),
    Column("reopened", Integer, nullable=False),
    Column("closed", Integer, nullable=False),
    Column("closed_reopened", Integer, nullable=False),
    Column("ineligible_in", Integer, nullable=False),
    Column("ineligible_out", Integer, nullable=False),
    Column("held", Integer, nullable=False),
    Column("resumed", Integer, nullable=False),
    Column("relocated_people", Integer, nullable=False),
)
case_stage_day = Table(
    "case_stage_day",
    cases,
    Column("on_date", Date, primary_key=True),
    *_case_keys(Column("stage", String(24), primary_key=True)),
    Column("entered", Integer, nullable=False),
    Column("moved_on", Integer, nullable=False),
    Column("reached", Integer, nullable=False),
)
case_reach = Table(
    "case_reach",
    cases,
    *_case_keys(
        Column("opened_month", Date, primary_key=True),
        Column("horizon", Integer, primary_key=True),
        Column("stage", String(24), primary_key=True),
    ),
    Column("episodes", Integer, nullable=False),
)
case_duration = Table(
    "case_duration",
    cases,
    *_case_keys(
        Column("opened_month", Date, primary_key=True),
        Column("is_due", Boolean, primary_key=True),
        Column("entry", Integer, primary_key=True),
        Column("days", Integer, primary_key=True),
        Column("outcome", String(16), primary_key=True),
    ),
    Column("episodes", Integer, nullable=False),
)
case_open = Table(
    "case_open",
    cases,
    *_case_keys(
        Column("stage", String(24), primary_key=True),
        Column("on_hold", Boolean, primary_key=True),
        Column("days", Integer, primary_key=True),
    ),
    Column("episodes", Integer, nullable=False),
)
case_stay = Table(
    "case_stay",
    cases,
    Column("host_country", String(2), primary_key=True),
    Column("stage", String(24), primary_key=True),
    Column("is_current", Boolean, primary_key=True),
    Column("waited", Integer, primary_key=True),
    Column("days", Integer, primary_key=True),
    Column("outcome", String(8), primary_key=True),
    Column("stays", Integer, nullable=False),
)
case_after = Table(
    "case_after",
    cases,
    *_case_keys(Column("what", String(16), primary_key=True), Column("days", Integer, primary_key=True)),
    Column("episodes", Integer, nullable=False),
)
case_lag = Table(
    "case_lag",
    cases,
    *_case_keys(Column("days", Integer, primary_key=True)),
    Column("events", Integer, nullable=False),
)
case_transit = Table(
    "case_transit",
    cases,
    Column("waiting_country", String(2), primary_key=True),
    *_case_keys(Column("opened_month", Date, primary_key=True), Column("is_open", Boolean, primary_key=True)),
    Column("episodes", Integer, nullable=False),
)
case_call = Table(
    "case_call",
    cases,
    Column("case_id", String(36), primary_key=True),
    Column("episode_no", Integer, primary_key=True),
    Column("host_country", String(2), nullable=False, index=True),
    Column("route", String(40), nullable=False),
    Column("stage", String(24), nullable=False),
    Column("on_hold", Boolean, nullable=False),
    Column("opened_on", Date, nullable=False),
    Column("stage_since", Date, nullable=False),
    Column("stay_ends_on", Date),
    Column("is_from_entry", Boolean, nullable=False),
)
case_fix = Table(
    "case_fix",
    cases,
    Column("case_id", String(36), primary_key=True),
    Column("episode_no", Integer, primary_key=True),
    Column("host_country", String(2), nullable=False, index=True),
    Column("route", String(40), nullable=False),
    Column("problem", String(24), nullable=False),
)
frozen_atom = Table(
    "frozen_atom",
    cases,
    Column("measure", String(32), primary_key=True),
    Column("period", String(8), primary_key=True),
    Column("country_group", String(24), primary_key=True),
    Column("route_group", String(24), primary_key=True),
    Column("people", Integer, nullable=False),
    Column("contributors", Integer, nullable=False),
)
frozen_event = Table(
    "frozen_event",
    cases,
    Column("episode_id", String(36), primary_key=True),
    Column("measure", String(32), primary_key=True),
    Column("period", String(8), nullable=False, index=True),
)
case_meta = Table(
    "meta",
    cases,
    Column("key", String(40), primary_key=True),
    Column("value", String(200), nullable=False),
)
