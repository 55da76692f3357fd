"""What approvers read: names are text, whatever somebody called their campaign."""

import pytest
import yaml

from assets.actions.rendering import diff, form_yaml, key_facts, sheet
from resources.kinds.keywords import Keyword
from resources.kinds.negative_list.change import ListImage, NegativeListChange
from tests.actions.made import pause, proposal, target

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


@pytest.mark.parametrize("name", EVIL)
def test_the_words_of_a_change_are_text_too(name: str) -> None:
    image = ListImage(
        name="x", campaign_id=None, campaign_name=None, status="absent", native_status="", currency="",
        list_id=None, attached_to=0,
    )  # fmt: skip
    keyword = Keyword(text=f"```\n# {name}", match_type="exact")
    at = target("pm-1", platform="google_ads", level="negative_list")
    change = NegativeListChange(target=at, image=image, name=f"it's {name}", keywords=(keyword,))
    made = proposal(change)
    table, block = diff(made).split("\n\n", 1)
    row = table.splitlines()[2]
    assert row.replace("\\|", "").count("|") == 7
    fence = block.splitlines()[0].removesuffix("diff")
    assert fence == "`" * max(4, len(fence))  # longer than any run of backticks inside
    assert block.splitlines()[-1] == fence
    assert all(line.startswith("+ ") for line in block.splitlines()[1:-1])
    assert (
        yaml.safe_load(form_yaml(made.summary))["ops"]["actions__approved"]["config"]["proposal"]
        == made.summary
    )
