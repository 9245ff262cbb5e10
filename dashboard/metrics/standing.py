"""What each grant is to the money of the network: decided here, once, for every figure (METHODS.md B.1, WHATIF.md).

An organisation is in the network when it is an initiative that is not state-linked; the query says so of both sides as
far as the viewer may know. Every grant has exactly one standing, so that what was loaded is what the figures show and
named remainders, and nothing else.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

STATUSES = ("commitment", "pledge", "cancelled")
ENTERED, CARRIED_OVER, OWN, UNSOURCED = "entered", "carried_over", "own", "unsourced"
PASSED_ON, MOVED, LEFT = "passed_on", "moved", "left"
RECEIVED = (ENTERED, CARRIED_OVER, UNSOURCED, PASSED_ON)
SIGNED = (*RECEIVED, OWN, MOVED, LEFT)
NOT_CONVERTED = ("no_amount", "no_signing_date", "no_rate")

REMAINDERS = ("pledged", "outside", "cancelled", "unknown_status", *NOT_CONVERTED)
STANDINGS = (*SIGNED, *REMAINDERS)


def standing(grants: pd.DataFrame) -> pd.Series:
    """One word per grant; the first that holds.

    `cancelled`; `outside`: neither side is in the network; `unknown_status`; `pledged`; `no_amount`; `no_signing_date`:
    in another currency than the reporting one and without the day its rate would be taken from; `no_rate`; `left`: paid by
    the network to somebody outside; `own`: an organisation's own money, carried over or put in; `moved`: a re-grant from an
    organisation to itself; `passed_on`: from one member to another; `unsourced`: a re-grant of which nobody says who paid, so that it may
    have been counted before; `carried_over`: from outside, of an earlier period; `entered`: new money from outside.

    `grants`: status, kind, funder_id, recipient_id, funder_is_member, recipient_is_member, amount_minor, minor,
    committed_on.
    """
    payer = holds(grants["funder_is_member"])
    payee = holds(grants["recipient_is_member"])
    own = itself(grants).to_numpy(dtype=bool)
    status, kind = grants["status"], grants["kind"]
    conditions = {
        "cancelled": status == "cancelled",
        "outside": ~payer & ~payee,
        "unknown_status": ~status.isin(STATUSES),
        "pledged": status == "pledge",
        "no_amount": grants["amount_minor"].isna(),
        "no_signing_date": grants["minor"].isna() & grants["committed_on"].isna(),
        "no_rate": grants["minor"].isna(),
        LEFT: payer & ~payee,
        OWN: own & (kind != "regrant"),
        MOVED: own,
        PASSED_ON: payer & payee,
        UNSOURCED: (kind == "regrant") & grants["funder_id"].isna(),
        CARRIED_OVER: kind == "carry_over",
    }
    found = np.select([np.asarray(mask, dtype=bool) for mask in conditions.values()], list(conditions), ENTERED)
    return pd.Series(found, index=grants.index, dtype="str")


def takes_from_payer(grants: pd.DataFrame) -> pd.Series:
    """Whether a grant is taken from its payer's money: the payer is in the network and does not put in her own."""
    return holds(grants["funder_is_member"]) & ~(itself(grants) & (grants["kind"] != "regrant"))


def itself(grants: pd.DataFrame) -> pd.Series:
    """Whether who pays a grant is who receives it."""
    return (grants["funder_id"] == grants["recipient_id"]).fillna(False).astype(bool)


def holds(values: pd.Series) -> pd.Series:
    """Whether what is stated is true; what is not known does not hold."""
    return values.astype("boolean").fillna(False).astype(bool)
