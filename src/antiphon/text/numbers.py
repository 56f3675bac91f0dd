"""English number words: cardinals, ordinals, years, decimals, single digits. Whole numbers below 10**15."""

from __future__ import annotations

_SMALL = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]
_TENS = ["_", "_", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_SCALES = ((10**12, "trillion"), (10**9, "billion"), (10**6, "million"), (1000, "thousand"), (100, "hundred"))
_ORDINALS = {
    "one": "first",
    "two": "second",
    "three": "third",
    "five": "fifth",
    "eight": "eighth",
    "nine": "ninth",
    "twelve": "twelfth",
}
LIMIT = 10**15
"""The first number that is too large to be put in words."""


def cardinal(number: int) -> str:
    """1234 is "one thousand two hundred thirty-four". ValueError outside 0 to LIMIT."""
    if not 0 <= number < LIMIT:
        raise ValueError(f"{number} is not between 0 and {LIMIT}.")
    if number < 20:
        return _SMALL[number]
    if number < 100:
        ten, one = divmod(number, 10)
        return _TENS[ten] + (f"-{_SMALL[one]}" if one else "")
    scale, name = next(entry for entry in _SCALES if number >= entry[0])
    count, rest = divmod(number, scale)
    return f"{cardinal(count)} {name}" + (f" {cardinal(rest)}" if rest else "")


def ordinal(number: int) -> str:
    """21 is "twenty-first"."""
    words = cardinal(number)
    at = max(words.rfind(" "), words.rfind("-")) + 1
    last = words[at:]
    if last in _ORDINALS:
        return words[:at] + _ORDINALS[last]
    return words[:at] + (f"{last[:-1]}ieth" if last.endswith("y") else f"{last}th")


def year(number: int) -> str:
    """1999 is "nineteen ninety-nine", 2005 "two thousand five", 2024 "twenty twenty-four"."""
    century, rest = divmod(number, 100)
    if not 10 <= century < 100 or number % 1000 < 10:
        return cardinal(number)
    if not rest:
        return f"{cardinal(century)} hundred"
    return f"{cardinal(century)} {'oh ' if rest < 10 else ''}{cardinal(rest)}"


def plural(words: str) -> str:
    """The last word in the plural: "nineties", "fifths"."""
    return f"{words[:-1]}ies" if words.endswith("y") else f"{words}{'es' if words.endswith('x') else 's'}"


def digits(text: str) -> str:
    """Each digit of `text` by itself; what is not a digit is left out."""
    return " ".join(_SMALL[int(char)] for char in text if char in "0123456789")


def decimal(text: str) -> str:
    """A number as it is written, with or without thousands separators and a fraction: "1,234.5".

    Numbers from LIMIT on, and those that begin with a superfluous zero, are read digit by digit.
    """
    whole, point, fraction = text.replace(",", "").partition(".")
    literal = len(whole) > 1 and whole.startswith("0")
    words = digits(whole) if literal or int(whole or "0") >= LIMIT else cardinal(int(whole or "0"))
    return f"{words} point {digits(fraction)}" if point else words
