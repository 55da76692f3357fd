"""What a person looks like in a CRM: a name, addresses, a telephone number, an employer, and the landing pages they came by."""

import numpy as np

from sandbox import words
from sandbox.customers.books import Books
from sandbox.customers.paths import click_key
from sandbox.customers.people import NOBODY
from sandbox.customers.settings import CHANNELS
from sandbox.draws import Whole, key
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
COMPANY_BASE, PERSON_SHIFT = 7_000_000_000, 13
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
        own = books.people.key
        self.contact_id: Whole = (own >> np.uint64(PERSON_SHIFT)).astype(np.int64)
        self.second_id: Whole = (key(own, 290) >> np.uint64(PERSON_SHIFT)).astype(np.int64)
        self.deal_id: Whole = (key(own, 291) >> np.uint64(PERSON_SHIFT)).astype(np.int64)
        self.company: Whole = (key(own, 292) % np.uint64(world.crm.companies)).astype(np.int64)
        self.owner: Whole = 500 + (key(own, 293) % np.uint64(6)).astype(np.int64)
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

    def country(self, person: int) -> str:
        return COUNTRIES[int(self.contact_id[person]) // 5 % 4][0]

    def company_id(self, person: int) -> int | None:
        """The employer of somebody who left a lead; buyers have none."""
        return None if self._books.people.sells[person] else COMPANY_BASE + int(self.company[person])

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
            f"{click >> 32:08x}-{click >> 16 & 0xFFFF:04x}-4{click & 0xFFF:03x}-8000-{click & 0xFFFFFFFF:012x}",
        )

    def url(self, touch: int) -> str:
        """The page a touch landed on, tagged as the platforms' URL templates do."""
        touches, sets = self._books.touches, self._books.sets
        ad_set = int(touches.ad_set[touch])
        if ad_set == NOBODY:
            is_mail = CHANNELS[int(touches.channel[touch])] == "email"
            return (
                "https://shop.example/?utm_source=newsletter&utm_medium=email"
                if is_mail
                else "https://shop.example/"
            )
        page = f"https://shop.example/{words.THEMES[int(sets.theme[ad_set])].replace(' ', '-')}"
        name, value = self.click_id(touch) or ("", "")
        if not touches.is_tagged[touch]:
            return f"{page}?{name}={value}"
        campaign, own = sets.campaign_id[ad_set], sets.ad_set_id[ad_set]
        tags = {
            "google_ads": f"utm_source=google&utm_medium=cpc&utm_campaign={campaign}&utm_content={own}",
            "meta_ads": f"utm_source=facebook&utm_medium=paid_social&utm_campaign={campaign}&utm_content={own}",
            "linkedin_ads": f"utm_source=linkedin&utm_medium=paid_social&utm_campaign=urn:li:sponsoredCampaignGroup:{campaign}"
            f"&utm_content=urn:li:sponsoredCampaign:{own}",
        }[CHANNELS[int(touches.channel[touch])]]
        return f"{page}?{tags}&{name}={value}"
