"""This machine is known in every notation an endpoint may have, and nothing else is taken for it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.security.loopback import is_loopback


@given(host=st.sampled_from(["localhost", "127.0.0.1", "127.8.8.8", "[::1]"]), port=st.integers(1, 65535))
def test_this_machine_is_known_in_every_notation(host: str, port: int) -> None:
    address = f"{host}:{port}"
    notations = [
        address,
        f"http://{address}/rest",
        f"https://user@{address}",
        f"dns:///{address}",
        f"ipv4:{address},{address}",
    ]
    assert all(is_loopback(notation) for notation in notations)
    assert not any(is_loopback(f"{notation},10.0.0.1:80") for notation in notations)


@pytest.mark.parametrize(
    "endpoint", ["", "http://[::1", "https://127.0.0.1@evil.example", "localhost.evil.example:80", "10.0.0.1"]
)
def test_what_is_not_surely_this_machine_is_not_it(endpoint: str) -> None:
    assert not is_loopback(endpoint)
