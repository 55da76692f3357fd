"""What approvers read: names are text, whatever somebody called their campaign."""

import pytest

from assets.actions.rendering import diff, key_facts, sheet
from tests.actions.made import pause, proposal

EVIL = (
    "[Approve here](http://evil)", "![x](http://evil/x.png)", "<img src=x onerror=alert(1)>", "a | b", "# Approve", "`code`", "**bold** _it_",
    "line\nbreak | [l](http://evil)", "~~gone~~",
)  # fmt: skip


@pytest.mark.parametrize("name", EVIL)
def test_a_name_is_text_in_everything_an_approver_reads(name: str) -> None:
    made = proposal(pause(name=name), reason=f"because of {name}")
    for text in (diff(made), sheet(made)):
        assert "](http" not in text.replace("\\]", "").replace("\\(", "")
        assert "<img" not in text
        assert "**bold**" not in text
        rows = [line for line in text.splitlines() if line.startswith("| Meta")]
        assert len(rows) == 1
        assert rows[0].replace("\\|", "").count("|") == 7  # six cells, however many bars the name has
    assert key_facts(made)["digest"] == made.digest
