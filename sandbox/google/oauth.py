"""Google's OAuth token endpoint: refresh tokens and service-account assertions for access tokens."""

import base64
import json
from pathlib import Path
from urllib.parse import parse_qs

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from sandbox.certificates import Papers
from sandbox.stage import Stage

ACCESS_TOKEN = "ya29.sandbox"  # noqa: S105 — opens nothing but this program
ASSERTION = "urn:ietf:params:oauth:grant-type:jwt-bearer"


def routes(stage: Stage, certificates: Path) -> list[Route]:
    """The endpoint at /oauth2/token."""
    papers = Papers(certificates)

    async def token(request: Request) -> JSONResponse:
        form = {name: values[0] for name, values in parse_qs((await request.body()).decode()).items()}
        stage.note("google_ads", "POST oauth2/token", grant=form.get("grant_type"))
        if stage.faults.take("google_ads", "token_revoked") is not None or not _is_known(stage, papers, form):
            message = {"error": "invalid_grant", "error_description": "Token has been expired or revoked."}
            return JSONResponse(message, status_code=400)
        return JSONResponse(
            {
                "access_token": ACCESS_TOKEN,
                "expires_in": 3599,
                "token_type": "Bearer",
                "scope": "https://www.googleapis.com/auth/adwords",
            }
        )

    return [Route("/oauth2/token", token, methods=["POST"])]


def _is_known(stage: Stage, papers: Papers, form: dict[str, str]) -> bool:
    available = stage.credentials
    if form.get("grant_type") == "refresh_token":
        given = (form.get("refresh_token"), form.get("client_id"), form.get("client_secret"))
        return given == (
            available.google_refresh_token,
            available.google_client_id,
            available.google_client_secret,
        )
    return form.get("grant_type") == ASSERTION and _is_signed(papers, form.get("assertion", ""))


def _is_signed(papers: Papers, assertion: str) -> bool:
    """Whether the service account's key signed it."""
    pem = json.loads(papers.service_account.read_text())["private_key"].encode()
    key = serialization.load_pem_private_key(pem, None)
    try:
        signed, _, signature = assertion.rpartition(".")
        raw = base64.urlsafe_b64decode(signature + "=" * (-len(signature) % 4))
        if not isinstance(key, rsa.RSAPrivateKey):
            return False
        key.public_key().verify(raw, signed.encode(), padding.PKCS1v15(), hashes.SHA256())
    except (InvalidSignature, ValueError):
        return False
    return True
