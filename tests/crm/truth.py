"""What the lake must hold of a CRM, straight from the sandbox's books."""

import numpy as np
import pandas as pd

from resources.lake.lake import Lake
from resources.tables.crm import CONTACTS, DEAL_STAGES, DEALS
from sandbox.hubspot.objects import Holdings
from sandbox.running_world import Stage


def holdings(stage: Stage) -> Holdings:
    return Holdings(stage.world, stage.keeper.books(), float(int(stage.clock.now().timestamp())))


def assert_equal_to_the_books(lake: Lake, stage: Stage) -> None:
    """Every contact and deal that HubSpot shows now, with when they qualified, what they are worth and
    where they stand; and no other.
    """
    held, f, people = holdings(stage), stage.keeper.books().funnel, stage.keeper.books().people
    contacts, shelf = lake.read(CONTACTS), held.contacts
    seen = np.flatnonzero(shelf.seen(held.now))
    assert sorted(contacts["contact_id"].astype("int64")) == sorted(shelf.id[seen])
    person = dict(zip(shelf.id[seen], shelf.row[seen], strict=True))
    first = contacts[~contacts["contact_id"].astype("int64").isin(shelf.id[shelf.is_second])]
    rows = np.array([person[contact] for contact in first["contact_id"].astype("int64")])
    for column, at in (("lead_at", f.lead_at), ("qualified_at", f.qualified_at)):
        wanted = np.where(at[rows] <= held.now, at[rows], np.nan)
        seconds = _seconds(first[column])
        assert np.array_equal(np.isnan(wanted), np.isnan(seconds)), column
        assert np.nanmax(np.abs(wanted - seconds)) < 0.01
    assert (first["is_test"].to_numpy() == f.is_test[rows]).all()
    deals, shelf = lake.read(DEALS), held.deals
    seen = np.flatnonzero(shelf.seen(held.now))
    assert sorted(deals["deal_id"].astype("int64")) == sorted(shelf.id[seen])
    rows = pd.Series(shelf.row[seen], shelf.id[seen]).loc[deals["deal_id"].astype("int64")].to_numpy()
    assert np.allclose(deals["amount"], [held.worth(int(row)) for row in rows])
    is_repeat = rows >= len(people)  # bought again: won when it was made, and never sent back
    rows = np.array([held.owner_of_deal(int(row)) for row in rows])
    back = ~is_repeat & (f.refunded_at[rows] <= held.now)
    won = np.where(people.sells[rows], ~back, f.won_at[rows] <= held.now)
    assert (deals["is_won"].to_numpy() == won).all()
    assert (deals["is_refunded"].to_numpy() == back).all()
    entered = lake.read(DEAL_STAGES).groupby("deal_id").size()
    moves = np.where(people.sells[rows], 1 + back, (f.stage_at[rows] <= held.now).sum(axis=1))
    assert (entered.loc[deals["deal_id"]].to_numpy() == moves).all()


def _seconds(instants: pd.Series) -> np.ndarray:
    return (
        instants.astype("datetime64[us, UTC]")
        .map(lambda at: np.nan if pd.isna(at) else at.timestamp())
        .to_numpy(dtype=float)
    )
