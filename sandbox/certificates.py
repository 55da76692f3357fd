"""Throw-away papers: a certificate authority, a server certificate for localhost, and a service account's
key.

They are made once per folder and reused, because a client process reads its trusted roots once.
"""

import ipaddress
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

DAYS = 365
_PEM, _PKCS8, _OPEN = (
    serialization.Encoding.PEM,
    serialization.PrivateFormat.PKCS8,
    serialization.NoEncryption(),
)


@dataclass(frozen=True)
class Papers:
    """Where the papers lie."""

    folder: Path

    @property
    def ca(self) -> Path:
        return self.folder / "ca.pem"

    @property
    def certificate(self) -> Path:
        return self.folder / "server.pem"

    @property
    def key(self) -> Path:
        return self.folder / "server.key"

    @property
    def service_account(self) -> Path:
        return self.folder / "service_account.json"


def make_papers(folder: Path, *, token_uri: str) -> Papers:
    """The papers in `folder`, made where they are missing or about to expire; the key file names `token_uri`."""
    folder.mkdir(parents=True, exist_ok=True)
    papers = Papers(folder)
    if not _is_good(papers):
        _make_certificates(papers)
    account = (
        json.loads(papers.service_account.read_text())
        if papers.service_account.exists()
        else _service_account()
    )
    papers.service_account.write_text(json.dumps(account | {"token_uri": token_uri}), encoding="utf-8")
    papers.service_account.chmod(0o600)
    return papers


def _is_good(papers: Papers) -> bool:
    if not (papers.ca.exists() and papers.certificate.exists() and papers.key.exists()):
        return False
    ends = x509.load_pem_x509_certificate(papers.certificate.read_bytes()).not_valid_after_utc
    return ends > datetime.now(UTC) + timedelta(days=7)


def _make_certificates(papers: Papers) -> None:
    authority, server = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    usage = x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=True,
        crl_sign=True,
        encipher_only=False,
        decipher_only=False,
    )
    ca = (
        _builder("paid media sandbox CA", "paid media sandbox CA", authority)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .sign(authority, hashes.SHA256())
    )
    certificate = (
        _builder("localhost", "paid media sandbox CA", server)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(authority, hashes.SHA256())
    )
    papers.ca.write_bytes(ca.public_bytes(_PEM))
    papers.certificate.write_bytes(certificate.public_bytes(_PEM))
    papers.key.write_bytes(server.private_bytes(_PEM, _PKCS8, _OPEN))
    papers.key.chmod(0o600)


def _builder(subject: str, issuer: str, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=DAYS))
    )


def _service_account() -> dict[str, str]:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return {
        "type": "service_account",
        "project_id": "sandbox",
        "private_key_id": "sandbox-key",
        "client_id": "1",
        "private_key": key.private_bytes(_PEM, _PKCS8, _OPEN).decode(),
        "client_email": "sandbox@sandbox.iam.gserviceaccount.example",
    }
