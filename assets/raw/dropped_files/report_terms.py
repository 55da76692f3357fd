"""What a line of an export is about besides its campaign and day: time grain, breakdowns, and reports of a
part only.

Breakdowns (device, age, country) divide a whole into parts that add up to it. Partial reports (search terms,
keywords, conversion actions, assets) show what a platform discloses, overlap, and never add up to what was
spent.
"""

import re
from collections.abc import Sequence

from assets.raw.dropped_files.vocabulary import WHOLES, bare, normal

_COARSE = {
    "week": "week|woche|kalenderwoche|semaine|semana|settimana|week starting|tydzien|hafta|vecka|週|주|周|isoweek|week of",
    "month": "month|monat|mois|mes|mese|maand|miesiac|ay|manad|月|월|月份|month of year",
    "quarter": "quarter|quartal|trimestre|kwartaal|kwartal|ceyrek|kvartal|四半期|분기|季度",
    "year": "year|jahr|annee|ano|anno|jaar|rok|yil|ar|年|연도|年份",
}
_HOURS = (
    "hour|hour of day|hour of the day|time of day|stunde|tageszeit|uhrzeit|heure|heure de la journee|hora|hora del dia|hora do dia|ora|"
    "ora del giorno|uur|uur van de dag|godzina|saat|timme|時間帯|시간대|小时|时段|小時"
)
_DIMENSIONS = {
    "device": "device|devices|impression device|conversion device|device type|device platform|gerat|gerate|gerat bei impression|appareil|"
    "appareils|dispositivo|dispositivos|apparaat|urzadzenie|cihaz|enhet|デバイス|기기|设备|裝置",
    "age": "age|age range|age group|alter|altersgruppe|edad|idade|eta|leeftijd|wiek|yas|alder|年齢|연령|年龄|年齡",
    "gender": "gender|sex|geschlecht|sexe|sexo|genere|genero|geslacht|plec|cinsiyet|kon|性別|성별|性别",
    "country": "country|country/territory|country / territory|land|pays|pais|paese|kraj|ulke|国|국가|国家/地区|國家/地區",
    "region": "region|state|city|dma region|metro area|bundesland|ville|ciudad|cidade|citta|stad|miasto|sehir|地域|지역|地区",
    "network": "network|networks|ad network type|netzwerk|werbenetzwerk|reseau|red|rede|rete|netwerk|siec|ag|natverk|ネットワーク|네트워크|投放网络",
    "publisher": "publisher platform|placement platform|plattform|plateforme|plataforma|piattaforma|platform position|プラットフォーム|플랫폼|平台",
    "placement": "placement|placements|platzierung|platzierungen|emplacement|ubicacion|posicionamento|posizionamento|plaatsing|umiejscowienie|"
    "reklam alani|placering|配置|노출 위치|版位",
    "weekday": "day of week|day of the week|wochentag|jour de la semaine|dia de la semana|dia da semana|giorno della settimana|dag van de week|"
    "曜日|요일",
    "objective": "attribution setting",
}
_PARTIAL = {
    "search_term": "search term|search terms|search query|customer search term|suchbegriff|suchanfrage|terme de recherche|termino de busqueda|"
    "termo de pesquisa|termine di ricerca|zoekterm|wyszukiwane haslo|arama terimi|sokterm|検索語句|검색어|搜索字词|搜尋字詞",
    "keyword": "keyword|search keyword|keywords|suchkeyword|mot cle|mot-cle|palabra clave|palavra-chave|parola chiave|zoekwoord|slowo kluczowe|"
    "anahtar kelime|sokord|キーワード|검색 키워드|키워드|关键字|關鍵字|targeting",
    "conversion_action": "conversion action|conversion name|conversion category|conversion source|conversion-aktion|name der conversion|"
    "conversion-kategorie|action de conversion|nom de la conversion|accion de conversion|nombre de la conversion|acao de conversao|"
    "azione di conversione|conversieactie|dzialanie powodujace konwersje|donusum islemi|konverteringsatgard|コンバージョン アクション|전환 액션|转化操作",
    "asset": "asset|asset type|asset text|asset group|asset-gruppe|image name|video name|body|headline|title|call to action|image|video|slideshow|"
    "text asset|creative asset|element|composant|recurso|アセット|애셋|素材资源",
    "audience": "audience|audience segment|audience segments|audience name|zielgruppensegment|zielgruppe|segment d'audience|segmento de publico|"
    "user list|remarketing list",
    "landing_page": "landing page|final url|landing page url|zielseite|page de destination|pagina de destino",
    "product": "product id|item id|product title|product name|product group|artikelnummer|advertised asin|advertised sku|purchased asin",
    "demographic": "company name|company size|company industry|job title|job function|job seniority|member country|unternehmensgrosse|"
    "tatigkeitsbereich|fonction|taille de l'entreprise|company name segment|job titles segment",
}  # fmt: skip
RATE = re.compile(
    r"\bavg\b|\baverage\b|durchschn|\bmoy|\bprom\b|\bmed\.|\brate\b|\bcpc\b|\bcpm\b|\bcpa\b|\bcpl\b|\bcpv\b|\bctr\b|\bcvr\b|\broas\b|\bacos\b|"
    r"\bper\b|\bpro\b|/|%|\bratio\b|\bshare\b|frequen|\breturn on\b"
)
"""Headers of rates and averages, which are no amounts and cannot be added."""
MICROS = re.compile(r"\bmicros?\b")


def _words(table: dict[str, str]) -> dict[str, str]:
    return {normal(word): kind for kind, words in table.items() for word in words.split("|")}


_COARSE_WORDS, _DIMENSION_WORDS, _PARTIAL_WORDS = _words(_COARSE), _words(_DIMENSIONS), _words(_PARTIAL)
_HOUR_WORDS = {normal(word) for word in _HOURS.split("|")}
_WHOLE_PREFIXES = tuple(f"{word} " for word in WHOLES)


def coarse_grain(header: str) -> str | None:
    """week, month, quarter or year, where the column holds one."""
    return _COARSE_WORDS.get(bare(header))


def dimension(header: str) -> str | None:
    """The breakdown that a column divides by, such as device, age or hour; None where it is none that is
    known.
    """
    short = bare(header)
    if short in _HOUR_WORDS or short.startswith(("time of day", "hour of day")):
        return "hour"
    return _DIMENSION_WORDS.get(short)


def partial_kind(header: str) -> str | None:
    """The partial report that a column makes of its file, such as search_term or keyword."""
    return _PARTIAL_WORDS.get(bare(header)) or _PARTIAL_WORDS.get(normal(header))


def partial_report(headers: Sequence[str], taken: set[int]) -> tuple[str, int] | None:
    """The kind of partial report and the column that says so; a search-term report has keywords too and is
    one of terms.
    """
    kinds = {
        kind: place
        for place, header in reversed(list(enumerate(headers)))
        if place not in taken and (kind := partial_kind(header))
    }
    return next(((kind, kinds[kind]) for kind in _PARTIAL if kind in kinds), None)


def says_whole(text: str) -> bool:
    """Whether a breakdown's cell says that the line is about all of its parts: All, All devices."""
    word = normal(text)
    return word in WHOLES or word.startswith(_WHOLE_PREFIXES) or word in {"total", "overall", "totals"}
