from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.text.chunker import Chunker
from antiphon.text.numbers import LIMIT, cardinal, decimal, ordinal, year
from antiphon.text.speech import SpeechText, Spoken, said_text, speakable

MARKS = "aB 125.,:;/-—'’\"*_`~#|[](){}<>@&+=%$€°½²\n\\!?…你न۔١é\u0301😀\u200d\ufe0f\ud800\0"
TOKENS = [
    "e.g.",
    "May ",
    "St.",
    "https://",
    "www.",
    " km",
    " pm",
    "1,234",
    "12:30",
    "```",
    "a.b@c.de",
    "<br>",
    "- ",
    "](",
    "5/1/",
]
MARKUP = st.lists(st.sampled_from([*MARKS, *TOKENS]), max_size=25).map("".join)


def said(text: str, language: str = "en") -> str:
    return said_text(speakable(text, language))


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        ("1,234 and 3.14", "one thousand two hundred thirty-four and three point one four"),
        ("the 1st, 22nd and 100th", "the first, twenty-second and one hundredth"),
        ("in the 1990s and '80s", "in the nineteen nineties and eighties"),
        ("3-5 people, 2010–2015", "three to five people, twenty ten to twenty fifteen"),
        ("at -7 or 007", "at minus seven or zero zero seven"),
        ("in 1999, 2005 and 2024", "in nineteen ninety-nine, two thousand five and twenty twenty-four"),
        ("$5.50, $1 and $0.05", "five dollars and fifty cents, one dollar and five cents"),
        ("€3 or 3 €, £1.01, ¥500", "three euros or three euros, one pound and one penny, five hundred yen"),
        (
            "-$20, $1.5 million, $3M",
            "minus twenty dollars, one point five million dollars, three million dollars",
        ),
        ("$5-10", "five to ten dollars"),
        ("50% or 5-10 %", "fifty percent or five to ten percent"),
        ("3:30 pm, 3pm, 9:05, 17:00", "three thirty PM, three PM, nine oh five, seventeen hundred"),
        ("at 9:00 or 3 a.m. then", "at nine o'clock or three AM then"),
        ("2024-05-01", "May first, twenty twenty-four"),
        (
            "5/1/2024 and 25/12/2024",
            "May first, twenty twenty-four and December twenty-fifth, twenty twenty-four",
        ),
        ("May 3, 2021 or Jan. 5", "May third, twenty twenty-one or January fifth"),
        ("1/2, 3/4, 2½ and 24/7", "one half, three quarters, two and one half and twenty-four seven"),
        (
            "5 km, 1 km, 20°C, 60 km/h",
            "five kilometers, one kilometer, twenty degrees Celsius, sixty kilometers per hour",
        ),
        ("16 GB, 5kg", "sixteen gigabytes, five kilograms"),
        ("555-1234", "five five five, one two three four"),
        ("(555) 123-4567", "five five five, one two three, four five six seven"),
        ("+1 555 123 4567", "plus one, five five five, one two three, four five six seven"),
        ("192.168.0.1", "one nine two dot one six eight dot zero dot one"),
        ("a + b = c, R&D, and/or", "a plus b equals c, R and D, and or"),
        ("2 * 3, 2*3, x²", "two times three, two times three, x squared"),
        ("Dr. Smith vs. St. Paul, Main St.", "Doctor Smith versus Saint Paul, Main Street."),
        ("e.g. this, i.e. that, etc.", "for example this, that is that, et cetera."),
        ("No. 5. I said no. Yes", "number five. I said no. Yes"),
        ("NASA and the U.S. Army", "NASA and the U.S. Army"),
        ("GPT4, 3D and #1", "GPT four, three D and number one"),
        ("", ""),
    ],
)
def test_english_is_written_out(written: str, spoken: str) -> None:
    assert said(written) == spoken


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        ("**bold**, _it_, ***x*** and ~~gone~~", "bold, it, x and gone"),
        ("`code_x` and snake_case", "code x and snake case"),
        ("a stray ** or ` mark**", "a stray or mark"),
        ("# Heading\nText", "Heading. Text"),
        ("- one\n* two\n- [x] three!\n1. four\n", "one. two. three! one. four."),
        ("> quoted\n---\nend", "quoted. end"),
        ("| a | b |\n|---|:-:|\n| c | d |\n", "a, b. c, d."),
        ("see [the **docs**](https://x.y/z) ![a cat](c.png)", "see the docs a cat"),
        ("<https://a.com> <br>next <b>word</b>", "a dot com next word"),
        ("before\n```python\nx = 1\n```\nafter", "before after"),
        ("Hi 😀👍🏽 there 👩‍👩‍👧 1️⃣ ok™", "Hi there one ok"),
        ("It’s “so” … yes—no", 'It\'s "so" ... yes, no'),
        ("https://www.example.com/path/to?x=1.", "example dot com slash path slash to."),
        ("http://a.com/" + "long/" * 10, "a dot com"),
        ("anna.b@example.com, or example.com!", "anna dot b at example dot com, or example dot com!"),
        ("run main.py", "run main dot py"),
        ("😀", ""),
    ],
)
def test_what_is_not_heard_is_left_out(written: str, spoken: str) -> None:
    assert said(written) == spoken


def test_other_languages_keep_their_numbers() -> None:
    text = "**3 km** 😀 zu www.example.com/hilfe & mehr, 5 %"
    assert said(text, "de") == "3 km zu example Punkt com Schrägstrich hilfe & mehr, 5 %"
    assert said("今天**很好**，再见。", "zh") == "今天很好，再见。"


def test_words_are_aligned() -> None:
    assert speakable("It is **5 km** to [my home](http://x.y), Dr. B! 😀") == [
        Spoken("It ", "It "),
        Spoken("is ", "is "),
        Spoken("**5 km** ", "five kilometers "),
        Spoken("to ", "to "),
        Spoken("[my ", "my "),
        Spoken("home](http://x.y), ", "home, "),
        Spoken("Dr. ", "Doctor "),
        Spoken("B! ", "B! "),
        Spoken("😀", ""),
    ]
    assert [word.written for word in speakable("你好，世界。", "zh")] == ["你", "好，", "世", "界。"]


def test_an_open_fence_is_remembered_over_chunks() -> None:
    speech = SpeechText()
    spoken = [
        said_text(speech.convert(chunk)) for chunk in ("Look:\n```py\n", "x = 1\n", "```\nDone. ", "Ok")
    ]
    assert spoken == ["Look:", "", "Done.", "Ok"]
    speech.convert("```")
    speech.reset()
    assert said_text(speech.convert("heard")) == "heard"


@given(st.one_of(MARKUP, st.text()), st.sampled_from(["en", "de", "zh"]))
def test_any_text_is_aligned_exactly(text: str, language: str) -> None:
    words = speakable(text, language)
    assert "".join(word.written for word in words) == text
    for word in words:
        end = " " if word.written[-1].isspace() else ""
        assert word.said in ("", " ".join(word.said.split()) + end)


@given(MARKUP)
def test_chunks_of_an_answer_are_aligned_exactly(text: str) -> None:
    chunker, speech = Chunker(max_chars=40), SpeechText()
    chunks = chunker.feed(text) + chunker.flush()
    assert "".join(word.written for chunk in chunks for word in speech.convert(chunk)) == text


def test_long_hostile_text_takes_no_time() -> None:
    for part in ("a.", "1-", "[a](b", " ", "<", "*", "_", "|-", "1,", "> ", "a@"):
        speakable(part * (4000 // len(part)))


@given(st.integers(0, LIMIT - 1))
def test_number_words_are_well_formed(number: int) -> None:
    assert cardinal(number).replace("-", "").replace(" ", "").isalpha()
    assert ordinal(number)[-2:] in ("st", "nd", "rd", "th")
    assert decimal(f"{number:,}.05") == f"{cardinal(number)} point zero five"


def test_number_words() -> None:
    assert cardinal(1_000_019) == "one million nineteen"
    assert [ordinal(number) for number in (1, 12, 30, 101)] == [
        "first",
        "twelfth",
        "thirtieth",
        "one hundred first",
    ]
    assert [year(number) for number in (1900, 2000, 1066)] == [
        "nineteen hundred",
        "two thousand",
        "ten sixty-six",
    ]
    assert decimal("1" * 16) == "one " * 15 + "one"
    with pytest.raises(ValueError, match="between"):
        cardinal(LIMIT)
