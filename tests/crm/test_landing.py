"""What an address tells of a click: the platforms' own templates, what people do to them, and what only
looks like an ad.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.crm.landing_url import Landing, landing

SHOP = "https://shop.example/x"


@pytest.mark.parametrize(
    ("url", "source", "expected"),
    [
        (
            f"{SHOP}?utm_source=google&utm_medium=cpc&utm_campaign=20012000000&utm_content=20012100000&gclid=Cj0K",
            "PAID_SEARCH",
            Landing("google_ads", "20012000000", "20012100000", "gclid", "Cj0K"),
        ),
        (f"{SHOP}?gbraid=0AAAA", None, Landing("google_ads", None, None, "gbraid", "0AAAA")),
        (
            f"{SHOP}?utm_source=facebook&utm_medium=paid_social&utm_campaign=120200000000000001&utm_content=120200000000100001&fbclid=IwAR",
            None,
            Landing("meta_ads", "120200000000000001", "120200000000100001", "fbclid", "IwAR"),
        ),
        (f"{SHOP}?fbclid=IwAR", "SOCIAL_MEDIA", Landing("social", None, None, "fbclid", "IwAR")),
        (f"{SHOP}?fbclid=IwAR", "PAID_SOCIAL", Landing("meta_ads", None, None, "fbclid", "IwAR")),
        (
            f"{SHOP}?utm_source=linkedin&utm_medium=paid-social&utm_campaign=urn:li:sponsoredCampaignGroup:600000001&utm_content=urn:li:sponsoredCampaign:300100000&li_fat_id=a-b",
            None,
            Landing("linkedin_ads", "600000001", "300100000", "li_fat_id", "a-b"),
        ),
        (
            f"{SHOP}?hsa_cam=123456&hsa_grp=654321&utm_source=adwords&utm_medium=ppc",
            None,
            Landing("google_ads", "123456", "654321"),
        ),
        (f"{SHOP}?utm_source=google&utm_medium=cpc&utm_campaign=Spring+Sale", None, Landing("google_ads")),
        (f"{SHOP}?utm_source=newsletter&utm_medium=email", None, Landing("email")),
        (SHOP, "ORGANIC_SEARCH", Landing("organic")),
        (SHOP, "DIRECT_TRAFFIC", Landing("direct")),
        (SHOP, None, Landing("direct")),
        (None, "PAID_SEARCH", Landing("other_paid")),
        (f"{SHOP}?utm_source=bing&utm_medium=cpc&msclkid=1", "PAID_SEARCH", Landing("other_paid")),
        (None, "OFFLINE", None),
        (None, None, None),
        ("", "", None),
        ("https://[broken?gclid=x", None, Landing("direct")),
    ],
)
def test_an_address_is_read(url: str | None, source: str | None, expected: Landing | None) -> None:
    assert landing(url, source) == expected


@given(st.text(max_size=80), st.none() | st.text(max_size=20))
def test_no_text_breaks_it_and_no_address_of_a_person_is_kept(url: str, source: str | None) -> None:
    landing(url, source)
    landed = landing(
        f"{SHOP}?email=ada@shop.example&utm_source=google&utm_medium=cpc&utm_campaign=ada@shop.example"
    )
    assert "ada" not in str(landed)
