"""Small words that tell what a turn is: backchannels, words that take the floor, words nobody ends with."""

from __future__ import annotations


def _set(words: str, phrases: str = "") -> frozenset[str]:
    return frozenset(words.split()) | frozenset(phrase for phrase in phrases.split(", ") if phrase)


BACKCHANNELS: dict[str, frozenset[str]] = {
    "en": _set(
        "mm mmm mhm mhmm mmhm mmhmm hmm hm uhhuh huh uh um mama mamma mum yeah yep yup yes ok okay right "
        "sure ah oh aha good great cool nice wow really exactly true fine alright",
        "i see, got it, uh huh, mm hm, all right, of course, i know",
    ),
    "de": _set("mhm hm aha ja genau okay ok gut klar richtig oh stimmt", "ach so"),
    "fr": _set("mhm hm oui ouais ok okay d'accord ah bon exact voilà bien"),
    "es": _set("mhm ajá sí si claro vale ok okay ya bien oh"),
}
"""Words and phrases with which people show that they listen; they do not mean to take the floor.

Among them is what recognisers make of a hum ("mama")."""

HUMS: dict[str, frozenset[str]] = {
    "en": _set("mm mmm mhm mhmm mmhm mmhmm hmm hm uhhuh huh uh um mama mamma mum", "uh huh, mm hm"),
    "de": _set("mhm hm aha äh ähm"),
    "fr": _set("mhm hm euh"),
    "es": _set("mhm ajá eh"),
}
"""Sounds with which nobody takes the floor. A "yeah" or an "okay", in contrast, is often the beginning of
more: G. Jefferson, "Notes on a systematic deployment of the acknowledgement tokens 'yeah' and 'mm hm'", 1984.
"""

STOPPERS: dict[str, frozenset[str]] = {
    "en": _set("stop wait no hold hang but actually excuse sorry hey listen enough quiet"),
    "de": _set("stopp stop warte nein halt moment aber entschuldigung"),
    "fr": _set("stop attends attendez non mais pardon"),
    "es": _set("para espera no pero perdona disculpa"),
}
"""Words that take the floor at once, even alone and unfinished."""

UNFINISHED: dict[str, frozenset[str]] = {
    "en": _set(
        "and or but because so if when while that which who the a an my your his her our their to of "
        "in on at for with from by about into like as than is are was were am be been can could would "
        "should will do does did i we they he she it's i'm um uh er hmm well between not very"
    ),
    "de": _set(
        "und oder aber weil wenn dass der die das ein eine mein dein zu von in auf an für mit bei ist "
        "sind ich wir äh ähm also"
    ),
    "fr": _set("et ou mais parce que si le la les un une de du à dans pour avec est je nous euh"),
    "es": _set("y o pero porque si que el la los un una de a en para con es son yo eh"),
}
"""A turn does not end with one of these words."""

CLAUSE_OPENERS: dict[str, frozenset[str]] = {
    "en": _set("if when whenever while as before after although though unless until once since because"),
    "de": _set("wenn falls als während bevor nachdem obwohl sobald solange bis seit weil"),
    "fr": _set("si quand lorsque comme avant après puisque dès"),
    "es": _set("si cuando mientras como antes después aunque"),
}
"""Words that begin a subordinate clause."""

SUBJECTS: dict[str, frozenset[str]] = {
    "en": _set("i you he she it we they there far soon long"),
    "de": _set("ich du er sie es wir ihr man"),
    "fr": _set("je tu il elle on nous vous ils elles"),
    "es": _set("yo tú él ella usted nosotros ellos ustedes"),
}
"""What follows them if a clause follows, and no mere noun ("after lunch"); in English also "as far as"."""

DIGITS: dict[str, frozenset[str]] = {
    "en": _set("zero oh one two three four five six seven eight nine double"),
    "de": _set("null eins zwei zwo drei vier fünf sechs sieben acht neun"),
    "fr": _set("zéro un deux trois quatre cinq six sept huit neuf"),
    "es": _set("cero uno dos tres cuatro cinco seis siete ocho nueve"),
}
"""Digits as they are said one by one."""
