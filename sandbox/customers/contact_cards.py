"""What a person looks like in a CRM: a name, addresses, a telephone number, an employer, and the landing
pages they came by.
"""

from urllib.parse import quote, quote_plus

import numpy as np

from sandbox import text_catalog
from sandbox.customer_settings import CHANNELS
from sandbox.customers.customer_records import Books, contact_id
from sandbox.customers.touch_paths import click_key
from sandbox.customers.traits import company_of
from sandbox.random_draws import Whole, key, uniform
from sandbox.segment_mix import NOBODY
from sandbox.world import World

FIRST = (
    "Ada",
    "Björn",
    "Chloé",
    "Dmitri",
    "Elif",
    "Fatima",
    "Goran",
    "Hanna",
    "Íris",
    "Jürgen",
    "Kenji",
    "Lucía",
    "Mehmet",
    "Noor",
    "Ola",
    "Priya",
)
LAST = (
    "Müller",
    "Silva",
    "O'Neill",
    "Kowalski",
    "Nguyen",
    "Rossi",
    "García",
    "Jensen",
    "Dubois",
    "Novák",
    "Okafor",
    "Virtanen",
    "Haddad",
    "Tanaka",
)
COUNTRIES = (("DE", "+49 30 "), ("US", "+1 (212) 55"), ("GB", "+44 20 7946 0"), ("FR", "+33 1 99 00 "))
COMPANY_BASE = 7_000_000_000
SOURCES = {
    "google_ads": "PAID_SEARCH",
    "meta_ads": "PAID_SOCIAL",
    "linkedin_ads": "PAID_SOCIAL",
    "organic": "ORGANIC_SEARCH",
    "direct": "DIRECT_TRAFFIC",
    "email": "EMAIL_MARKETING",
}


class Cards:
    """The faces of everybody in the books."""

    def __init__(self, world: World, books: Books) -> None:
        self._world, self._books = world, books
        person_key = books.people.key
        self.contact_id = contact_id(person_key)
        self.second_id = contact_id(key(person_key, 290))
        first = contact_id(key(person_key, 291))
        self.deal_id: Whole = np.concatenate([first, contact_id(key(books.repeats.key, 295))])
        """Of everybody's first order or deal, then of the repeat orders."""
        self.company = company_of(world.crm, key(person_key, 292), books.segment)
        self.owner: Whole = 500 + (key(person_key, 293) % np.uint64(6)).astype(np.int64)
        for_a_company = np.array([segment.company_share for segment in world.crm.segments] or [0.0])[
            books.segment
        ]
        self.has_company = ~books.people.sells | (uniform(world.seed, 294, person_key) < for_a_company)
        self._clicks = click_key(books.touches, books.people)

    def name(self, person: int) -> tuple[str, str]:
        pick = int(self.contact_id[person])
        return FIRST[pick % len(FIRST)], LAST[pick // 17 % len(LAST)]

    def email(self, person: int, *, second: bool = False) -> str:
        """The address; a second record of the same person has another one, as a CRM keeps addresses apart."""
        pick = int(self.contact_id[person])
        first, last = (part.lower().replace("'", "") for part in self.name(person))
        if self._books.funnel.is_test[person]:
            return f"test+{pick % 10_000}@example.com"
        local = f"{first}.{last}{pick % 100_000}" if not second else f"{last}{pick % 100_000}.private"
        local = local.encode("ascii", "ignore").decode()
        if not self._books.people.sells[person] and not second:
            return f"{local}@company{int(self.company[person])}.example"
        return f"{local.title()}@gmail.com" if pick % 3 == 0 else f"{local}@mail.example"

    def phone(self, person: int) -> str | None:
        """A number as people type it, or none."""
        pick = int(self.contact_id[person])
        return None if pick % 4 == 0 else f"{COUNTRIES[pick // 5 % 4][1]}{pick % 9_000 + 1_000:04d}"

    def country(self, person: int) -> str | None:
        """A trait where the world has segments; else drawn as the telephone number is."""
        if self._books.traits.are_known:
            return self._books.traits.of_person("country", person)
        return COUNTRIES[int(self.contact_id[person]) // 5 % 4][0]

    def company_id(self, person: int) -> int | None:
        """The employer of somebody who left a lead; few buyers have one."""
        return COMPANY_BASE + int(self.company[person]) if self.has_company[person] else None

    def source(self, touch: int) -> str:
        """HubSpot's word for where a touch came from."""
        return SOURCES[CHANNELS[int(self._books.touches.channel[touch])]]

    def click_id(self, touch: int) -> tuple[str, str] | None:
        """Name and value of the platform's click id; none for people who came by themselves."""
        if self._books.touches.ad_set[touch] == NOBODY:
            return None
        click = int(self._clicks[touch])
        platform = CHANNELS[int(self._books.touches.channel[touch])]
        if platform == "google_ads":
            name = (
                "gclid",
                "gclid",
                "gclid",
                "gclid",
                "gclid",
                "gclid",
                "gclid",
                "gclid",
                "gbraid",
                "wbraid",
            )[click % 10]
            return name, f"Cj0KCQ{click:016x}"
        if platform == "meta_ads":
            return "fbclid", f"IwAR0{click:016x}"
        return (
            "li_fat_id",
            (
                f"{click >> 32:08x}-{click >> 16 & 0xFFFF:04x}-4{click & 0xFFF:03x}-8000-{click & 0xFFFFFFFF:012x}"
            ),
        )

    def url(self, touch: int) -> str:
        """The page a touch landed on, tagged as the platforms' URL templates do."""
        touches, sets = self._books.touches, self._books.sets
        ad_set = int(touches.ad_set[touch])
        if ad_set == NOBODY:
            is_mail = CHANNELS[int(touches.channel[touch])] == "email"
            return (
                f"{self._page(touch)}?utm_source=newsletter&utm_medium=email"
                if is_mail
                else self._page(touch)
            )
        page = self._page(touch)
        name, value = self.click_id(touch) or ("", "")
        if not touches.is_tagged[touch]:
            return f"{page}?{name}={value}"
        campaign, ad_set_id = sets.campaign_id[ad_set], sets.ad_set_id[ad_set]
        tags = {
            "google_ads": f"utm_source=google&utm_medium=cpc&utm_campaign={campaign}&utm_content={ad_set_id}",
            "meta_ads": (
                f"utm_source=facebook&utm_medium=paid_social&utm_campaign={campaign}&utm_content={ad_set_id}"
            ),
            "linkedin_ads": (
                f"utm_source=linkedin&utm_medium=paid_social&utm_campaign=urn:li:sponsoredCampaignGroup:{campaign}"
                f"&utm_content=urn:li:sponsoredCampaign:{ad_set_id}"
            ),
        }[CHANNELS[int(touches.channel[touch])]]
        return f"{page}?{tags}{self._searched(touch)}&{name}={value}"

    def _page(self, touch: int) -> str:
        """Where a touch lands: what the person looks for where that is known, else what the ad set is about."""
        content = self._books.traits.of_person("content", int(self._books.touches.person[touch]))
        ad_set = int(self._books.touches.ad_set[touch])
        if content is None and ad_set != NOBODY:
            content = text_catalog.THEMES[int(self._books.sets.theme[ad_set])]
        return f"https://shop.example/{quote((content or '').replace(' ', '-'))}"

    def _searched(self, touch: int) -> str:
        """Google tells the topic of a search by a tag of the account's own."""
        topic = self._books.traits.of_person("search_topic", int(self._books.touches.person[touch]))
        is_search = CHANNELS[int(self._books.touches.channel[touch])] == "google_ads"
        return f"&utm_term={quote_plus(topic)}" if topic and is_search else ""
