"""ISO 3166 country codes and ISO 639-1 language codes for the words that a CRM uses; other words stay as they
are.
"""

import re

_COUNTRIES = {
    "AT": "austria österreich", "AU": "australia", "BE": "belgium belgique belgië", "BG": "bulgaria", "BR": "brazil brasil", "CA": "canada",
    "CH": "switzerland schweiz suisse", "CN": "china", "CZ": "czechia czech_republic", "DE": "germany deutschland allemagne", "DK": "denmark danmark",
    "EE": "estonia", "ES": "spain españa", "FI": "finland suomi", "FR": "france frankreich",
    "GB": "united_kingdom great_britain england scotland wales uk", "GR": "greece", "HR": "croatia", "HU": "hungary", "IE": "ireland", "IL": "israel",
    "IN": "india", "IT": "italy italia italien", "JP": "japan", "KR": "south_korea", "LT": "lithuania", "LU": "luxembourg", "LV": "latvia", "MX": "mexico méxico",
    "NL": "netherlands the_netherlands nederland niederlande", "NO": "norway norge", "NZ": "new_zealand", "PL": "poland polska", "PT": "portugal",
    "RO": "romania", "SE": "sweden sverige", "SG": "singapore", "SI": "slovenia", "SK": "slovakia", "TR": "turkey türkiye", "UA": "ukraine",
    "US": "united_states united_states_of_america usa america", "ZA": "south_africa",
}  # fmt: skip
_LANGUAGES = {
    "cs": "czech", "da": "danish dansk", "de": "german deutsch", "en": "english", "es": "spanish español", "fi": "finnish", "fr": "french français",
    "hu": "hungarian", "it": "italian italiano", "ja": "japanese", "ko": "korean", "nl": "dutch nederlands", "no": "norwegian", "pl": "polish polski",
    "pt": "portuguese português", "ro": "romanian", "sv": "swedish svenska", "tr": "turkish", "uk": "ukrainian", "zh": "chinese",
}  # fmt: skip
_COUNTRY_OF = {name.replace("_", " "): code for code, names in _COUNTRIES.items() for name in names.split()}
_LANGUAGE_OF = {name: code for code, names in _LANGUAGES.items() for name in names.split()}
_LOCALE = re.compile(r"([a-z]{2})(?:[-_].*)?")


def country(word: str) -> str:
    """The country's code, or the word itself: `Deutschland` and `de` are DE."""
    plain = " ".join(word.lower().replace(".", "").split())
    if plain in _COUNTRY_OF:
        return _COUNTRY_OF[plain]
    return plain.upper() if re.fullmatch(r"[a-z]{2}", plain) else word


def language(word: str) -> str:
    """The language's code, or the word itself: `English` and `en-gb` are en."""
    plain = word.strip().lower()
    if plain in _LANGUAGE_OF:
        return _LANGUAGE_OF[plain]
    match = _LOCALE.fullmatch(plain)
    return match[1] if match else word


def country_name(code: str) -> str:
    """The country in English, or the code itself: DE is Germany."""
    return _first_name(_COUNTRIES, code.upper()) or code


def language_name(code: str) -> str:
    """The language in English, or the code itself: de is German."""
    return _first_name(_LANGUAGES, code.lower()) or code


def _first_name(names: dict[str, str], code: str) -> str:
    words = names.get(code, "").split(" ")[0].replace("_", " ").split()
    return " ".join(word if word in {"of", "the"} else word.capitalize() for word in words)
