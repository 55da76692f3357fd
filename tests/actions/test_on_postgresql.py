"""As in production: Dagster's own records and the ledger on PostgreSQL, by the settings in deploy/."""

from pathlib import Path
from typing import Any

from resources.ledger.states import State
from tests.actions.conftest import new_database
from tests.actions.house import house_standing


def test_the_gate_holds_and_opens_with_everything_on_postgresql(postgresql: Any, tmp_path: Path) -> None:
    storage = {"postgres_url": new_database(postgresql)}
    with house_standing(tmp_path, storage=storage, PAID_MEDIA_LEDGER=new_database(postgresql)) as house:
        made = house.pause()
        status, said = house.run(made.proposal_id, house.form(made.proposal_id, code="ABCDEFGHIJ"))
        assert (status, house.writes(made)) == ("FAILURE", 0)
        assert "does not prove alice" in said
        assert house.run(made.proposal_id, house.form(made.proposal_id))[0] == "SUCCESS"
        house.run(made.proposal_id, house.form(made.proposal_id, by="bob"))
        assert (house.state(made.proposal_id), house.writes(made)) == (State.VERIFIED, 1)
        assert house.services.ledger.audit.verify().broken is None
