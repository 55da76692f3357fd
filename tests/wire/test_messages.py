"""The catcher: what it takes, what it refuses as the services do, and that it forgets the oldest."""

import smtplib
from datetime import UTC, datetime
from email.message import EmailMessage

import pytest
import requests

from sandbox.message_store import KEPT, Caught
from sandbox.serve import Sandbox


def send_mail(sandbox: Sandbox, **headers: str) -> None:
    mail = EmailMessage()
    mail["Subject"] = headers.get("subject", "Grüße")
    mail.set_content("Text\n.\nnach einem Punkt")
    mail.add_alternative("<p>Seite</p>", subtype="html")
    mail.add_attachment("a,b\n", filename="table.csv")
    with smtplib.SMTP("127.0.0.1", sandbox.smtp_port, timeout=5) as client:
        client.sendmail("bot@ops.example", ["team@ops.example"], mail.as_bytes())


def test_a_mail_is_caught_with_all_its_parts_and_listed(sandbox: Sandbox) -> None:
    send_mail(sandbox)
    control = sandbox.environment["SANDBOX_CONTROL_URL"]
    (mail,) = requests.get(f"{control}/messages", params={"service": "mail"}, timeout=5).json()
    assert (mail["subject"], mail["sender"], mail["recipients"]) == (
        "Grüße",
        "bot@ops.example",
        ["team@ops.example"],
    )
    assert "nach einem Punkt" in mail["plain"]
    assert "<p>Seite</p>" in mail["html"]
    assert mail["attachments"] == {"table.csv": "a,b\n"}
    assert requests.delete(f"{control}/messages", timeout=5).json() == []


@pytest.mark.parametrize(("fault", "code"), [("refused", 550), ("busy", 451)])
def test_the_mailbox_refuses_as_mail_servers_do(sandbox: Sandbox, fault: str, code: int) -> None:
    sandbox.stage.faults.arm("mail", fault)
    with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
        send_mail(sandbox)
    assert refused.value.recipients["team@ops.example"][0] == code
    assert sandbox.stage.caught.all() == []
    send_mail(sandbox)
    assert len(sandbox.stage.caught.all()) == 1


@pytest.mark.parametrize(
    ("body", "answer"),
    [
        ('{"text": "hello"}', (200, "ok")),
        ('{"blocks": [{}]}', (200, "ok")),
        ("{", (400, "invalid_payload")),
        ("{}", (400, "no_text")),
    ],
)
def test_the_chat_takes_what_slack_takes(sandbox: Sandbox, body: str, answer: tuple[int, str]) -> None:
    came = requests.post(f"{sandbox.url}/hooks/token", data=body, timeout=5)
    assert (came.status_code, came.text) == answer
    assert len(sandbox.stage.caught.all("chat")) == (answer[0] == 200)


@pytest.mark.parametrize(("fault", "code"), [("refused", 403), ("throttled", 429), ("unavailable", 503)])
def test_the_chat_refuses_on_request(sandbox: Sandbox, fault: str, code: int) -> None:
    sandbox.stage.faults.arm("chat", fault)
    for path, wanted in (("hooks/x", code), ("webhook/x", 200)):
        assert requests.post(f"{sandbox.url}/{path}", json={"text": "x"}, timeout=5).status_code == wanted


def test_only_the_newest_messages_are_kept() -> None:
    caught = Caught()
    for number in range(KEPT + 7):
        caught.keep("chat", datetime.now(UTC), body={"text": str(number)})
    kept = caught.all()
    assert len(kept) == KEPT
    assert kept[0]["body"]["text"] == "7"
