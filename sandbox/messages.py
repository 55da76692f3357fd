"""The catcher of messages: mail over SMTP, and webhooks as a chat takes them (Slack's incoming shape) or as
plain JSON.

Nothing it takes goes anywhere. Faults are named in `sandbox/faults.py`, by `mail` and `chat` (which strikes
every webhook).
"""

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import msgspec
from aiosmtpd.smtp import SMTP, Envelope, Session
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from sandbox.message_store import MOST_BYTES, mail_parts
from sandbox.running_world import Stage


def routes(stage: Stage) -> list[Route]:
    """`/hooks/TOKEN` takes what Slack and Mattermost take, `/webhook/ANY` any JSON."""
    wire = _Webhooks(stage)
    return [
        Route("/hooks/{token:path}", wire.chat, methods=["POST"]),
        Route("/webhook/{path:path}", wire.plain, methods=["POST"]),
    ]


class _Webhooks:
    def __init__(self, stage: Stage) -> None:
        self._stage = stage

    async def chat(self, request: Request) -> Response:
        """Slack's answers: `ok`, or 400 with a word for what is wrong."""
        if refused := await self._fault():
            return refused
        body = await _json(request)
        if not isinstance(body, dict):
            return PlainTextResponse("invalid_payload", status_code=400)
        if not body.get("text") and not body.get("blocks") and not body.get("attachments"):
            return PlainTextResponse("no_text", status_code=400)
        self._stage.caught.keep("chat", self._stage.clock.now(), path=request.url.path, body=body)
        return PlainTextResponse("ok")

    async def plain(self, request: Request) -> Response:
        if refused := await self._fault():
            return refused
        body = await _json(request)
        if body is None:
            return PlainTextResponse("no JSON", status_code=400)
        self._stage.caught.keep("webhook", self._stage.clock.now(), path=request.url.path, body=body)
        return PlainTextResponse("ok")

    async def _fault(self) -> Response | None:
        faults = self._stage.faults
        if (slow := faults.take("chat", "slow")) is not None:
            await asyncio.sleep(float(slow.get("seconds", 30)))
        if faults.take("chat", "refused") is not None:
            return PlainTextResponse("invalid_token", status_code=403)
        if (throttled := faults.take("chat", "throttled")) is not None:
            headers = {"Retry-After": str(throttled.get("seconds", 30))}
            return PlainTextResponse("rate_limited", status_code=429, headers=headers)
        if faults.take("chat", "unavailable") is not None:
            return PlainTextResponse("service_unavailable", status_code=503)
        return None


async def _json(request: Request) -> Any:
    raw = await request.body()
    if len(raw) > MOST_BYTES:
        return None
    try:
        return msgspec.json.decode(raw)
    except msgspec.DecodeError:
        return None


class _Mailbox:
    """What aiosmtpd asks when a mail comes. The names of its questions are its own."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage

    async def handle_EHLO(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        del server, envelope
        session.host_name = hostname
        if (slow := self._stage.faults.take("mail", "slow")) is not None:
            await asyncio.sleep(float(slow.get("seconds", 30)))
        return responses

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        del server, session, options
        if self._stage.faults.take("mail", "refused") is not None:
            return "550 5.1.1 no such mailbox"
        if self._stage.faults.take("mail", "busy") is not None:
            return "451 4.7.1 try again later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        del server, session
        if self._stage.faults.take("mail", "unavailable") is not None:
            return "421 4.3.0 closing"
        raw = envelope.content if isinstance(envelope.content, bytes) else b""
        self._stage.caught.keep(
            "mail",
            self._stage.clock.now(),
            sender=envelope.mail_from,
            recipients=list(envelope.rcpt_tos),
            raw=raw.decode("utf-8", "replace"),
            **mail_parts(raw),
        )
        return "250 OK"


@contextmanager
def mailbox(stage: Stage, listening: socket.socket) -> Iterator[None]:
    """An SMTP server on a socket that listens already, in a thread of its own until the block ends."""
    loop, box = asyncio.new_event_loop(), _Mailbox(stage)
    server = loop.run_until_complete(
        loop.create_server(
            lambda: SMTP(box, hostname="sandbox", data_size_limit=MOST_BYTES, loop=loop), sock=listening
        )
    )
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield
    finally:
        asyncio.run_coroutine_threadsafe(_closed(server), loop).result(timeout=10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(timeout=10)
        loop.close()


async def _closed(server: asyncio.Server) -> None:
    """Also what is still being said: a client that was kept waiting goes without an answer."""
    server.close()
    others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
