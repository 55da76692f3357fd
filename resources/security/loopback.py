"""Whether an endpoint is on this machine: what keeps real credentials and the sandbox apart."""

import os
from ipaddress import ip_address
from urllib.parse import urlsplit

_GRPC_SCHEMES = ("dns:///", "ipv4:", "ipv6:")


def is_loopback(endpoint: str) -> bool:
    """True where every address of `endpoint` is this very machine.

    Takes URLs ("http://127.0.0.1:81/rest") and gRPC targets ("localhost:81", "dns:///localhost:81",
    "ipv4:127.0.0.1:81,127.0.0.1:82"). A host name other than localhost is never looked up, so it never
    counts.
    """
    return all(_is_this_machine(_host(address)) for address in endpoint.strip().split(","))


def keep_proxies_out() -> None:
    """Tell requests and gRPC, by the variable both read, that no proxy stands between this machine and
    itself.
    """
    spared = os.environ.get("no_proxy") or os.environ.get("NO_PROXY") or ""
    missing = [host for host in ("localhost", "127.0.0.1") if host not in spared.split(",")]
    os.environ["no_proxy"] = ",".join(filter(None, [spared, *missing]))


def _host(address: str) -> str:
    for scheme in _GRPC_SCHEMES:
        address = address.removeprefix(scheme)
    try:
        host = urlsplit(address if "://" in address else f"//{address}").hostname
    except ValueError:
        return ""
    return (host or "").removesuffix(".")


def _is_this_machine(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        address = ip_address(host)
    except ValueError:
        return False
    address = getattr(address, "ipv4_mapped", None) or address
    return address.is_loopback or address.is_unspecified
