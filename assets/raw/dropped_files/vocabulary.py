"""How the platforms' exports name their columns, in the languages their interfaces are used in.

One table per platform and field. Spellings are compared without case, accents, white space runs and what
stands in brackets. A platform renames columns now and then: what is missing here is asked for with a mapping
that is proposed.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from assets.raw.dropped_files.spellings import (
    FALLBACKS,
    GOOGLE,
    LINKEDIN,
    META,
    MORE,
    OTHERS,
    SHARED,
    SIGNATURE_PATTERNS,
    SIGNATURES,
    SPENDING,
)
from resources.readers.numbers import without_accents, without_marks

ENTITY_FIELDS = {
    "campaign": ("campaign_name", "campaign_id"),
    "ad_set": ("ad_set_name", "ad_set_id"),
    "ad": ("ad_name", "ad_id"),
}
METRICS = ("impressions", "clicks", "spend", "conversions", "conversion_value")
FIELDS = (
    "day", "account_id", "account_name", "currency", "campaign_id", "campaign_name", "ad_set_id", "ad_set_name", "ad_id",
    "ad_name", *METRICS,
)  # fmt: skip

PLATFORMS = ("google_ads", "meta_ads", "linkedin_ads", *OTHERS)


def normal(header: str) -> str:
    """A header as it is compared: no accents, one case, single spaces, no byte order mark."""
    text = without_accents(without_marks(header).replace("\xa0", " ")).casefold().replace("_", " ")
    return re.sub(r"\s+", " ", text).strip(' :"')


def bare(header: str) -> str:
    """The header without what stands in brackets: a currency, a time zone, a unit."""
    return re.sub(r"\s*[(（\[][^)）\]]*[)）\]]\s*$", "", normal(header)).strip()


def _spellings(*tables: dict[str, str]) -> dict[str, dict[str, int]]:
    """Per field its spellings, each with its rank: the first that is listed wins."""
    words: dict[str, dict[str, int]] = {}
    for table in tables:
        for field, spelled in table.items():
            ranks = words.setdefault(field, {})
            for word in spelled.split("|"):
                ranks.setdefault(normal(word), len(ranks))
    return words


SPELLINGS: dict[str, dict[str, dict[str, int]]] = {
    platform: _spellings(own, MORE[platform], SHARED, MORE["shared"])
    for platform, own in (("google_ads", GOOGLE), ("meta_ads", META), ("linkedin_ads", LINKEDIN))
} | {platform: _spellings(own, SHARED, SPENDING) for platform, own in OTHERS.items()}
RESULTS = {
    normal(word)
    for word in [
        "results",
        "ergebnisse",
        "resultats",
        "resultados",
        "結果",
        "결과",
        "成效",
        "成果",
        "risultati",
        "resultaten",
        "wyniki",
        "sonuclar",
        "resultat",
    ]
}
"""Meta's column of whatever a campaign is made for, which may be purchases on one line and clicks on the
next.
"""
_FALLBACK_SPELLINGS = {platform: _spellings(table) for platform, table in FALLBACKS.items()}
_SIGNATURE_WORDS = {
    platform: {normal(word) for word in words.split("|")} for platform, words in SIGNATURES.items()
}
TELLING = {
    "google_ads": ("spend", "ad_set_name", "conversion_value"),
    "meta_ads": ("spend", "ad_set_name", "campaign_name"),
    "linkedin_ads": ("spend", "campaign_name", "campaign_id"),
}
"""Fields whose spelling tells one of the three platforms from the others."""
TOTALS = [
    "total",
    "totals",
    "gesamt",
    "summe",
    "gesamtsumme",
    "totaux",
    "totales",
    "totais",
    "合計",
    "総計",
    "합계",
    "총계",
    "总计",
    "總計",
    "合计",
    "總和",
    "totale",
    "totaal",
    "suma",
    "razem",
    "lacznie",
    "toplam",
    "totalt",
    "summa",
    "overall",
    "grand total",
]
WHOLES = [
    "all",
    "alle",
    "alles",
    "tous",
    "toutes",
    "todos",
    "todas",
    "tudo",
    "すべて",
    "全て",
    "전체",
    "全部",
    "tutti",
    "tutte",
    "wszystkie",
    "wszystko",
    "tumu",
    "alla",
]
"""How a pivot words the line that is about all things of a level together."""
_SCRIPTS = (("ja", "\u3040-\u30ff"), ("ko", "\uac00-\ud7af"), ("zh", "\u4e00-\u9fff"))
_TELLTALES = {
    "de": {
        "kosten",
        "kampagne",
        "tag",
        "datum",
        "klicks",
        "kampagnenname",
        "anzeigengruppe",
        "impressionen",
        "wahrungscode",
    },
    "fr": {"cout", "campagne", "jour", "clics", "nom de la campagne", "groupe d'annonces", "devise"},
    "es": {
        "coste",
        "costo",
        "campana",
        "fecha",
        "clics",
        "nombre de la campana",
        "importe gastado",
        "moneda",
    },
    "pt": {"custo", "campanha", "cliques", "nome da campanha", "valor usado", "moeda"},
    "it": {"giorno", "campagna", "costo", "clic", "codice valuta", "importo speso", "nome della campagna"},
    "nl": {"dag", "campagne", "kosten", "klikken", "valutacode", "besteed bedrag", "campagnenaam"},
    "pl": {
        "dzien",
        "kampania",
        "koszt",
        "klikniecia",
        "waluta",
        "kod waluty",
        "wydana kwota",
        "nazwa kampanii",
    },
    "tr": {"gun", "kampanya", "maliyet", "tiklamalar", "para birimi", "harcanan tutar", "kampanya adi"},
    "sv": {"dag", "kampanj", "kostnad", "klick", "valuta", "valutakod", "spenderat belopp", "kampanjnamn"},
}


@dataclass(frozen=True)
class ColumnMatch:
    """Where a field of ours stands, and whether another column stands in for its own."""

    place: int
    is_fallback: bool = False


_UNUSABLE_BRACKETS = re.compile(
    r"convert|umgerechnet|conv\. time|conv\.-zeit|conversion time|heure de conv|hora de conv|hora da"
    r" conv|tempo di conv|換算|변환"
)
"""Brackets that make another quantity of a column: another currency, or another day of the same conversion.
"""


def matches(headers: Sequence[str], platform: str) -> dict[str, list[ColumnMatch]]:
    """For each field of ours the columns of a platform's export that may be it, the likeliest first.

    The exact spelling comes before one with brackets, and a column whose brackets change its meaning is not
    taken at all.
    """
    ranked: dict[str, list[tuple[int, int, int]]] = {}
    for place, header in enumerate(headers):
        whole, short = normal(header), bare(header)
        bracket = whole[len(short) :]
        for field, spellings in SPELLINGS[platform].items():
            if whole in spellings:
                ranked.setdefault(field, []).append((0, spellings[whole], place))
            elif short in spellings and not _UNUSABLE_BRACKETS.search(bracket):
                ranked.setdefault(field, []).append((1, spellings[short], place))
        for field, spellings in _FALLBACK_SPELLINGS.get(platform, {}).items():
            if whole in spellings:
                ranked.setdefault(field, []).append((2, spellings[whole], place))
            elif short in spellings and not _UNUSABLE_BRACKETS.search(bracket):
                ranked.setdefault(field, []).append((3, spellings[short], place))
    return {
        field: [ColumnMatch(place, is_fallback=kind >= 2) for kind, _, place in sorted(places)]
        for field, places in ranked.items()
    }


def columns_of(headers: Sequence[str], platform: str) -> dict[str, int]:
    """Place of each field of ours that a platform's vocabulary finds among the headers; no column is two
    fields.
    """
    columns: dict[str, int] = {}
    taken: set[int] = set()
    by_certainty = sorted(matches(headers, platform).items(), key=lambda item: item[1][0].is_fallback)
    for field, places in by_certainty:
        place = next((match.place for match in places if match.place not in taken), None)
        if place is not None:
            columns[field] = place
            taken.add(place)
    return columns


_ANY_WORD = {word for fields in SPELLINGS.values() for words in fields.values() for word in words}


def looks_like_header(row: Sequence[str]) -> bool:
    """Whether at least two cells are some platform's name of a column, so that a closer look is worth it."""
    return sum(normal(cell) in _ANY_WORD or bare(cell) in _ANY_WORD for cell in row if len(cell) < 80) >= 2


def signature_of(headers: Sequence[str]) -> str | None:
    """The platform beside the three that has columns no other has, such as Swipe Ups; None where none is
    there.
    """
    forms = {normal(header) for header in headers} | {bare(header) for header in headers}
    counts = {
        platform: (
            len(forms & words)
            + sum(
                bool(SIGNATURE_PATTERNS[platform].match(form))
                for form in forms
                if platform in SIGNATURE_PATTERNS
            )
        )
        for platform, words in _SIGNATURE_WORDS.items()
    }
    best = max(counts, key=lambda platform: counts[platform])
    return best if counts[best] else None


def language_of(headers: Sequence[str]) -> str:
    """de, fr, es, pt, ja, ko, zh, or en: by script first, then by words that only one of them uses."""
    text = " ".join(headers)
    for language, script in _SCRIPTS:
        if re.search(f"[{script}]", text):
            return language
    words = {bare(header) for header in headers}
    scores = {language: len(words & telltales) for language, telltales in _TELLTALES.items()}
    best = max(scores, key=lambda language: scores[language])
    return best if scores[best] else "en"
