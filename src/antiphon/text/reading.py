"""How English reads out what is not a word: numbers, money, dates, times, units, signs, abbreviations.

`read_token` looks at one place in a text and says how many characters it reads, and as which words. The
rules are tried in order; the first that fits wins. Ambiguous dates such as 5/1/2024 are read month first.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from antiphon.text.numbers import cardinal, decimal, digits, ordinal, plural, year
from antiphon.text.vocabulary import (
    ABBREVIATIONS,
    BEFORE_NAMES,
    BEFORE_NUMBERS,
    CURRENCIES,
    FRACTIONS,
    MONTHS,
    SCALES,
    SIGNS,
    UNITS,
)

Match = re.Match[str]
_Rule = tuple[re.Pattern[str], Callable[[Match], str | None]]

_NUM = r"(?:[0-9]{1,3}(?:,[0-9]{3})+(?![0-9])|[0-9]+)(?:\.[0-9]+)?"
_UNIT = "|".join(sorted(map(re.escape, UNITS), key=len, reverse=True))
_SCALE = "|".join(sorted(SCALES, key=len, reverse=True))
_SIGN = "[" + "".join(CURRENCIES) + "]"
_MONTH = f"(?:{'|'.join(sorted(MONTHS, key=len, reverse=True))})"
_MINUS = r"(?:(?<![^\s(])[-−])"
_HALF = r"([AaPp])(?:\.[Mm]\.|[Mm])"
_END = r"(?![0-9A-Za-z_])"


def read_token(text: str, at: int) -> tuple[int, str] | None:
    """What begins at `at` and is not simply a word: where it ends and how it is said; None for a word."""
    char = text[at]
    rules = _WORD_RULES if char.isalpha() else _NUMBER_RULES
    if char.isalpha() and at and text[at - 1].isalpha():
        return None
    for pattern, say in rules:
        found = pattern.match(text, at)
        said = say(found) if found else None
        if found and said is not None:
            glued = text[found.end() : found.end() + 1].isalnum() and said[-1:].isalnum()
            return found.end(), f"{said} " if glued else said
    return None


def _amount(written: str) -> str:
    negative = written[0] in "-−"
    words = decimal(written.lstrip("-−"))
    return f"minus {words}" if negative else words


def _plain(found: Match) -> str:
    written = found[0]
    if re.fullmatch("(?:19|20)[0-9]{2}", written):
        return year(int(written))
    return _amount(written)


def _date(year_text: str, month: int, day: int) -> str | None:
    if not (1 <= month <= 12 and 1 <= day <= 31):
        return None
    return f"{list(MONTHS.values())[month - 1]} {ordinal(day)}, {year(int(year_text))}"


def _iso_date(found: Match) -> str | None:
    return _date(found[1], int(found[2]), int(found[3]))


def _slash_date(found: Match) -> str | None:
    first, second = int(found[1]), int(found[2])
    month, day = (second, first) if first > 12 else (first, second)
    return _date(found[3], month, day)


def _month_day(found: Match) -> str | None:
    name, day, year_text = found[1], int(found[2]), found[3]
    if not 1 <= day <= 31:
        return None
    said = f"{MONTHS[name.rstrip('.')]} {ordinal(day)}"
    return f"{said}, {year(int(year_text))}" if year_text else said


def _time(found: Match) -> str | None:
    hour, minute, second, half = int(found[1]), int(found[2]), found[3], found[4]
    if hour > 24 or minute > 59:
        return None
    said = cardinal(hour)
    if minute:
        said += f" {'oh ' if minute < 10 else ''}{cardinal(minute)}"
    elif not half and not second:
        said += " o'clock" if 1 <= hour <= 12 else " hundred"
    if second:
        said += f" and {_counted(second.lstrip('0') or '0', 'second', 'seconds')}"
    return f"{said} {_half(found)}" if half else said


def _hour(found: Match) -> str:
    return f"{cardinal(int(found[1]))} {_half(found)}"


def _half(found: Match) -> str:
    """AM or PM; a stop after it that also ends the text is kept."""
    final = found[0].endswith(".") and not found.string[found.end() :].strip()
    return f"{found[4].upper()}M{'.' if final else ''}"


def _phone(found: Match) -> str:
    plus = "plus " if found[0].startswith("+") else ""
    return plus + ", ".join(digits(group) for group in re.findall("[0-9]+", found[0]))


def _dotted(found: Match) -> str:
    parts = found[0].split(".")
    if len(parts) == 4:
        return " dot ".join(map(digits, parts))
    return " point ".join(map(decimal, parts))


def _counted(number: str, one: str, many: str) -> str:
    return f"{_amount(number)} {one if number == '1' else many}"


def _money(found: Match) -> str | None:
    sign = found["before"] or found["after"]
    if not sign:
        return None
    number, scale = found["number"], found["scale"]
    minus = "minus " if found["minus"] else ""
    one, many, cent, cents = CURRENCIES[sign]
    if scale:
        return f"{minus}{decimal(number)} {SCALES[scale]} {many}"
    whole, _, part = number.partition(".")
    if cent and len(part) == 2:
        return minus + _coins(whole, part, (one, many, cent, cents))
    return minus + _counted(number, one, many)


def _coins(whole: str, part: str, names: tuple[str, str, str, str]) -> str:
    large = _counted(whole, names[0], names[1])
    small = _counted(str(int(part)), names[2], names[3])
    if not int(part):
        return large
    return small if int(whole.replace(",", "")) == 0 else f"{large} and {small}"


def _range(found: Match) -> str | None:
    low, high, unit = found[1], found[2], found[3]
    years = all(re.fullmatch("(?:1[1-9]|20)[0-9]{2}", number) for number in (low, high))
    said = f"{year(int(low))} to {year(int(high))}" if years else f"{decimal(low)} to {decimal(high)}"
    return f"{said} {UNITS[unit][1]}" if unit else said


def _money_range(found: Match) -> str:
    return f"{decimal(found[2])} to {decimal(found[3])} {CURRENCIES[found[1]][1]}"


def _fraction(found: Match) -> str | None:
    above, below = int(found[1]), int(found[2])
    if (above, below) == (24, 7):
        return "twenty-four seven"
    if not (0 < above < below <= 20):
        return f"{decimal(found[1])} over {decimal(found[2])}"
    name = {2: "half", 4: "quarter"}.get(below, ordinal(below))
    if above == 1:
        return f"one {name}"
    return f"{cardinal(above)} {'halves' if below == 2 else plural(name)}"


def _mixed(found: Match) -> str:
    return f"{decimal(found[1])} and {FRACTIONS[found[2]]}"


def _decade(found: Match) -> str:
    century, ten = found[1], found[2]
    return plural(year(int(century + ten))) if century and ten != "00" else _whole_decade(century, ten)


def _whole_decade(century: str | None, ten: str) -> str:
    return plural(cardinal(int((century or "") + ten))) if century != "19" else "nineteen hundreds"


def _ordinal(found: Match) -> str | None:
    number = found[1].replace(",", "")
    return ordinal(int(number)) if len(number) < 15 else None


def _abbreviation(found: Match) -> str | None:
    word = found[0].lower()
    rest = found.string[found.end() :].lstrip(" ")
    spaced = len(rest) < len(found.string) - found.end()
    if word in BEFORE_NAMES and spaced and rest[:1].isupper():
        return BEFORE_NAMES[word]
    if word in BEFORE_NUMBERS and rest[:1].isdigit():
        return BEFORE_NUMBERS[word]
    said = ABBREVIATIONS.get(word)
    if said and word.endswith(".") and not rest.strip():
        return f"{said}."
    return said


def _sign(found: Match) -> str | None:
    text, at = found.string, found.start()
    said = SIGNS.get(found[0])
    if not said:
        return said
    left = at > 0 and not text[at - 1].isspace()
    right = found.end() < len(text) and not text[found.end()].isspace()
    return f"{' ' if left else ''}{said}{' ' if right else ''}"


def _slash(found: Match) -> str:
    text, at = found.string, found.start()
    if at and text[at - 1].isalnum():
        return " "
    return "slash " if text[at + 1 : at + 2].isalnum() else "slash"


def _unit(found: Match) -> str:
    return _counted(found[1], *UNITS[found[2]])


def _power(found: Match) -> str:
    return " squared" if found[0] == "²" else " cubed"


def _rule(pattern: str, say: Callable[[Match], str | None]) -> _Rule:
    return re.compile(pattern), say


_PHONE = (
    rf"(?:\+[0-9]{{1,3}}[ .-]?)?(?:\([0-9]{{2,5}}\) ?|[0-9]{{3}}[ .-])[0-9]{{3}}[ .-][0-9]{{4}}{_END}"
    rf"|[0-9]{{3}}-[0-9]{{4}}{_END}"
    rf"|\+[0-9]{{1,3}}(?:[ .-]?[0-9]{{2,}}){{2,5}}{_END}"
    rf"|[0-9]{{11,}}{_END}"
)
_SIGN_FIRST = (
    rf"(?P<minus>[-−])?(?P<before>{_SIGN})\s?(?P<number>{_NUM})(?:\s?(?P<scale>{_SCALE}){_END})?(?P<after>)"
)
_SIGN_LAST = (
    rf"(?P<minus>{_MINUS})?(?P<before>)(?P<number>{_NUM})(?:\s?(?P<scale>{_SCALE}))?"
    rf"\s?(?P<after>{_SIGN})(?!\s?[0-9])"
)
_DAY = rf"({_MONTH}\b\.?) ([0-9]{{1,2}})(?:st|nd|rd|th)?{_END}(?!:|[.,][0-9])(?:,? ([0-9]{{4}}){_END})?"

_NUMBER_RULES = [
    _rule(rf"([0-9]{{4}})-([0-9]{{2}})-([0-9]{{2}}){_END}", _iso_date),
    _rule(rf"([0-9]{{1,2}})/([0-9]{{1,2}})/([0-9]{{4}}){_END}", _slash_date),
    _rule(rf"([0-9]{{1,2}}):([0-9]{{2}})(?::([0-9]{{2}}))?(?:\s?{_HALF})?{_END}", _time),
    _rule(rf"([0-9]{{1,2}})()()\s?{_HALF}{_END}", _hour),
    _rule(_PHONE, _phone),
    _rule(rf"[0-9]+(?:\.[0-9]+){{2,}}{_END}", _dotted),
    _rule(rf"({_SIGN})({_NUM})\s?[-–]\s?{_SIGN}?({_NUM}){_END}", _money_range),
    _rule(_SIGN_FIRST, _money),
    _rule(_SIGN_LAST, _money),
    _rule(rf"([0-9,]{{0,15}}[0-9])(?:st|nd|rd|th){_END}", _ordinal),
    _rule(rf"['’]?(1[1-9]|20)?([0-9]0)['’]?s{_END}", _decade),
    _rule(rf"({_NUM})\s?[-–]\s?({_NUM})(?:\s?({_UNIT}))?{_END}(?!-)", _range),
    _rule(rf"([0-9]{{1,6}})/([0-9]{{1,6}}){_END}", _fraction),
    _rule(rf"({_NUM})\s?([{''.join(FRACTIONS)}])", _mixed),
    _rule(rf"({_MINUS}?{_NUM})\s?({_UNIT}){_END}", _unit),
    _rule(rf"({_MINUS}?{_NUM})[kK]{_END}", lambda found: f"{_amount(found[1])} thousand"),
    _rule(rf"{_MINUS}?{_NUM}", _plain),
    _rule(r"#(?=[0-9])", lambda _: "number "),
    _rule(r"~(?=[0-9])", lambda _: "about "),
    _rule("/", _slash),
    _rule("[²³]", _power),
    _rule(f"[{''.join(FRACTIONS)}]", lambda found: FRACTIONS[found[0]]),
    _rule(r"==+|[^\w\s]", _sign),
]
_WORD_RULES = [
    _rule(_DAY, _month_day),
    _rule(r"(?:[A-Za-z]\.){2,4}|[A-Za-z]{1,6}\.|w/o\b|w/(?=\s)|vs\b", _abbreviation),
]
