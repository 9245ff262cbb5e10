"""`meridian overlap-report`: how often people agreed with suggested pairs."""

from __future__ import annotations

from dashboard.commands import speaking
from dashboard.metrics import overlap
from data_access import addresses, connections, database, queries
from data_access.i18n import N_, _, in_digits, ngettext
from data_access.viewer import Viewer


@speaking.command("overlap-report", help=N_("Say how often people agreed with suggested pairs."))
def overlap_report() -> None:
    """Say how often people agreed with suggested pairs."""
    reader = connections.open_reader(addresses.urls_from_environment().shared)
    database.assert_ready(reader)
    everything = Viewer("steward", None)
    answers = database.run(reader, queries.overlap.answers(everything))
    pairs = overlap.reviewed(database.run(reader, queries.overlap.pairs(everything)), answers)
    answered = int(pairs["answer"].notna().sum())
    said = ngettext(
        "{answered} of {pairs} stored pairs have an answer that holds; history: {n} answer.",
        "{answered} of {pairs} stored pairs have an answer that holds; history: {n} answers.",
        answered,
    )
    print(said.format(answered=in_digits(answered), pairs=in_digits(len(pairs)), n=in_digits(len(answers))))
    if answered < overlap.VALIDATED_FROM:
        print(
            _("Marks {possible} and {related} are not yet validated: {n} needed.").format(
                possible=f"{overlap.POSSIBLE:g}", related=f"{overlap.RELATED:g}", n=overlap.VALIDATED_FROM
            )
        )
    suggested = pairs[pairs["label"] == "possible_duplication"].sort_values("score", ascending=False, kind="stable")
    judged = overlap.worth_a_talk(suggested["answer"])
    for k in (10, 20):
        print(
            _("Precision at {k} {share} of {n} answered").format(
                k=k, share=_share(overlap.precision_at(k, judged)), n=judged.head(k).notna().sum()
            )
        )
    print(_("Average precision {share}").format(share=_share(overlap.average_precision(judged))))
    both, doubly = overlap.kappa_of(answers)
    said = ngettext(
        "Two people's agreement (kappa) {kappa} over {n} pairs",
        "Two people's agreement (kappa) {kappa} over {n} pairs",
        doubly,
    )
    print(said.format(kappa="–" if both is None else f"{both:.2f}", n=doubly), end="\n\n")
    rows = overlap.agreement_by_score(pairs).itertuples()
    headings = (_("score"), _("pairs"), _("answered"), _("worth a talk"))
    for line in speaking.table(headings, [(r.stratum, r.pairs, r.answered, r.agreed) for r in rows], 12, 8):
        print(line)
    print(_("Pairs below the lowest mark are not stored and never shown, so nobody judges them here."))


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.0%}"


COMMANDS = (overlap_report,)
