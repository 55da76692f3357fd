"""The message: its shape, its three forms with one content, the subject, and nothing in it that must not
leave.
"""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets.reports.notifications.notice import Link, read, written
from assets.reports.notifications.rendering import message_of
from resources.security.redaction import redacted
from tests.notifications.made import notice


def test_one_notice_is_six_lines_in_the_order_people_read() -> None:
    text = message_of([notice(priority=1)], company="Acme", mentions={"t": "@anna"}).text
    assert text.splitlines() == [
        "@anna Urgent: Meta Ads · Spring sale (campaign)",
        "spend €412.00, expected €120.00 to €180.00",
        "about €262.00 a day at stake",
        "mostly CPC",
        "→ See who raised the budget.",
        "dashboard: http://ui.example/assets/reports/daily_dashboard",
    ]


def test_the_subject_says_how_urgent_whose_and_what() -> None:
    some = [
        *(notice(topic=f"a{n}", kind="approval", short="1 approval") for n in range(3)),
        notice(topic="p", kind="pacing", short="landing 104%"),
    ]
    assert message_of(some, company="Acme").title == "[P2][Acme] 3 approvals, landing 104%"
    assert message_of([notice(account="Shop EU")], company="").title.startswith("[P2][Shop EU] ")
    assert message_of([notice()], company="").title.startswith("[P2][Paid media] ")


@given(count=st.integers(2, 40))
def test_several_are_a_line_each_five_at_most_and_the_rest_counted(count: int) -> None:
    some = [notice(topic=str(n), entity=f"Entity {n}") for n in range(count)]
    message = message_of(some, company="Acme")
    for body in (message.text, message.markdown):
        assert len(body.splitlines()) == min(count, 5) + (count > 5)
        assert (f"and {count - 5} more" in body) == (count > 5)
    assert len(re.findall('overflow-wrap:anywhere;"><span', message.html)) == min(count, 5)


def test_every_form_has_every_part_and_links_are_written_out_where_nothing_can_be_clicked() -> None:
    approval = notice(links=(Link("run", "http://ui.example/runs/1"),))
    message = message_of([approval], company="Acme")
    for part in (approval.seen, approval.money, approval.cause, approval.todo, "http://ui.example/runs/1"):
        assert part in message.text
        assert part in message.markdown.replace("\\", "")
        assert part in message.html
    assert "[run](http://ui.example/runs/1)" in message.markdown


HOSTILE = "<!channel> @here [x](http://evil.example) **b** `c` <script>alert(1)</script> =cmd()"


def test_a_name_written_by_people_stays_a_name() -> None:
    message = message_of([notice(entity=HOSTILE)], company="Acme")
    assert "<!channel>" not in message.text + message.markdown
    assert "@here" not in message.text + message.markdown
    assert "](http://evil" not in message.markdown
    assert "<script>" not in message.html


SECRET_THINGS = (
    "anna.muster+x@example.co.uk",
    "+49 170 1234567",
    "xoxb" + "-123456789012-abcdefghij",
    "Bearer " + "abcdef1234567890",
    "access_token=" + "EAAB1234567890abcdef",
    "https://user:" + "hunter22@host.example/path",
    "a" * 20 + "1" * 20 + "Z" * 8,
)


@pytest.mark.parametrize("secret", SECRET_THINGS)
@pytest.mark.parametrize("part", ["entity", "seen", "money", "cause", "todo", "short"])
def test_nothing_secret_or_personal_leaves_in_any_form(secret: str, part: str) -> None:
    message = message_of(
        [notice(**{part: f"before {secret} after"}, rows=({"name": secret},))], company="Acme"
    )
    held = secret.rsplit("://", maxsplit=1)[-1].split("@", maxsplit=1)[0] if "://" in secret else secret
    for form in (message.title, message.text, message.markdown, message.html, str(message.attached)):
        assert held not in form
    assert "(hidden)" in message.text + message.title


def test_the_secrets_of_addresses_are_hidden_wherever_they_stand() -> None:
    message = message_of(
        [notice(cause="posted to T0AB/B0CD/zzzzzz")], company="Acme", secrets=["T0AB/B0CD/zzzzzz"]
    )
    assert "zzzzzz" not in message.text + message.markdown + message.html


@pytest.mark.parametrize(
    "fine",
    [
        "spend €1,234.50, expected €120.00 to €180.00, since Sat 14 Nov",
        "set_daily_budget 100.00 -> 120.00 EUR a day: Spring (120200002001100000) of meta_ads 2000000001 #0123456789ab",
        "account 1000000001: +12.3% and −4.0%",
        "20261122.pause_ad_set.meta_ads.2000000001.120200002001100000",
    ],
)
def test_figures_and_account_numbers_stay(fine: str) -> None:
    assert redacted(fine) == fine


def test_proposals_are_attached_as_a_table_that_no_spreadsheet_calculates() -> None:
    rows = ({"name": "=cmd()", "now": "1"}, {"name": "Ümlaut", "now": "2"})
    name, content = message_of([notice(rows=rows)], company="Acme").attached or ("", "")
    assert name == "proposals.csv"
    assert content.removeprefix("\N{ZERO WIDTH NO-BREAK SPACE}").splitlines() == [
        "name,now",
        "'=cmd(),1",
        "Ümlaut,2",
    ]


def test_a_notice_survives_being_kept() -> None:
    original = notice(labels=("a",), rows=({"x": "y"},))
    assert read(written(original)) == original
