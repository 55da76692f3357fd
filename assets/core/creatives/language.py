"""Language of short advertising texts: by script where that decides it, else by frequent words.

Stop-word counts are a usual baseline of language identification (Grefenstette 1995); on a few words they are
often silent, and then the language is None instead of a guess.
"""

import re
import unicodedata
from collections.abc import Iterable

_SCRIPTS = {"HIRAGANA": "ja", "KATAKANA": "ja", "HANGUL": "ko", "THAI": "th", "GREEK": "el", "HEBREW": "he"}
"""Scripts that one language is written in. Cyrillic, Arabic and Han letters alone decide nothing."""
_WORDS = {
    "en": "the and for with your you our of to in is on now from get more all by it that this are at free",
    "de": (
        "der die das und für mit ihr ihre dein deine wir sie in im ist jetzt von zu alle ohne mehr bei auf"
        " den ein eine"
    ),
    "fr": (
        "le la les et pour avec votre vos notre nous vous de du des en est maintenant plus sans sur un une"
        " dès chez"
    ),
    "es": "el la los las y para con tu tus su nuestro de del en es ahora más sin por un una desde hoy",
    "it": "il lo la gli e per con tuo tua i nostri di del della in è ora più senza su un una oggi dal",
    "nl": "de het en voor met uw je jouw onze van in is nu meer zonder op een bij alle naar",
    "pt": "o a os as e para com seu sua nosso de do da em é agora mais sem por um uma desde hoje",
}
_FREQUENT = {language: frozenset(words.split()) for language, words in _WORDS.items()}
_LETTERS = {"de": "äöüß", "fr": "çèêëîôûœ", "es": "ñ¿¡", "pt": "ãõ", "it": "ìò"}
_WORD = re.compile(r"[^\W\d_]+")


def language_of(texts: Iterable[str]) -> str | None:
    """ISO 639-1 of texts that belong together; None where two languages fit equally well, or none does."""
    whole = " ".join(texts).casefold()
    for letter in whole:
        if letter.isalpha() and ord(letter) > 0x2FF:
            script = unicodedata.name(letter, "").partition(" ")[0]
            if script in _SCRIPTS:
                return _SCRIPTS[script]
    words = _WORD.findall(whole)
    scores = {language: sum(word in frequent for word in words) for language, frequent in _FREQUENT.items()}
    for language, letters in _LETTERS.items():
        scores[language] += sum(letter in whole for letter in letters)
    best, second = sorted(scores.values(), reverse=True)[:2]
    return max(scores, key=lambda language: scores[language]) if best > second else None
