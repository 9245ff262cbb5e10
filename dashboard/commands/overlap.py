"""`meridian overlap-report`: how often people agreed with suggested pairs."""

from __future__ import annotations

import click

from dashboard.metrics import overlap
from data_access import addresses, connections, database, queries
from data_access.viewer import Viewer


@click.command("overlap-report")
def overlap_report() -> None:
    """Say how often people agreed with suggested pairs."""
    reader = connections.open_reader(addresses.urls_from_environment().shared)
    database.assert_ready(reader)
    everything = Viewer("steward", None)
    answers = database.run(reader, queries.overlap.answers(everything))
    pairs = overlap.reviewed(database.run(reader, queries.overlap.pairs(everything)), answers)
    answered = int(pairs["answer"].notna().sum())
    print(f"{answered:,} of {len(pairs):,} stored pairs have an answer that holds; history: {len(answers):,} answers.")
    if answered < overlap.VALIDATED_FROM:
        print(
            f"Marks {overlap.POSSIBLE:g} and {overlap.RELATED:g} are not yet validated: {overlap.VALIDATED_FROM} needed."
        )
    suggested = pairs[pairs["label"] == "possible_duplication"].sort_values("score", ascending=False, kind="stable")
    judged = overlap.worth_a_talk(suggested["answer"])
    for k in (10, 20):
        print(
            f"Precision at {k:<3}{_share(overlap.precision_at(k, judged))} of {judged.head(k).notna().sum()} answered"
        )
    print(f"Average precision {_share(overlap.average_precision(judged))}")
    both, doubly = overlap.kappa_of(answers)
    print(f"Two people's agreement (kappa) {'–' if both is None else f'{both:.2f}'} over {doubly} pairs")
    print(f"\n{'score':<12}{'pairs':>8}{'answered':>10}{'worth a talk':>14}")
    for row in overlap.agreement_by_score(pairs).itertuples():
        print(f"{row.stratum:<12}{row.pairs:>8,}{row.answered:>10,}{row.agreed:>14,}")
    print("Pairs below the lowest mark are not stored and never shown, so nobody judges them here.")


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.0%}"


COMMANDS = (overlap_report,)
