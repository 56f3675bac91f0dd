"""Web addresses, e-mail addresses and file names, read out: "example dot com slash help"."""

from __future__ import annotations

import re

_ENDINGS = (
    "com|org|net|edu|gov|int|info|io|dev|ai|app|co|uk|de|fr|es|eu|ch|nl|jp|ca|au|"
    "py|js|ts|json|toml|yaml|yml|md|txt|html|css|csv|pdf|png|jpg|wav|mp3|zip|exe|sh|rs|go|java|cpp"
)
_URL = re.compile(
    r"(?:[a-z][a-z0-9+]{1,9}://|www\.)[^\s<>\"'`()\[\]{}|，。！？、；：]+", re.IGNORECASE | re.ASCII
)
_EMAIL = re.compile(r"[A-Za-z0-9_.+%-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8}")
_NAME = re.compile(
    rf"(?:[A-Za-z0-9_-]{{1,63}}\.){{1,8}}(?:{_ENDINGS})(?![A-Za-z0-9_@])(?:/[A-Za-z0-9_./%#?=&-]*)?"
)
_CANDIDATE = re.compile(r"[A-Za-z0-9_.+%-]{1,80}(?:@|://|\.[A-Za-z0-9])")
_TRAILING = ".,;:!?…*_~-"
_LONGEST_PATH = 30

_WORDS = {
    "en": {".": "dot", "@": "at", "/": "slash", "-": "dash", "_": "underscore", "+": "plus", ":": "colon"},
    "de": {".": "Punkt", "@": "ät", "/": "Schrägstrich", "-": "Strich", "_": "Unterstrich", "+": "plus"},
    "fr": {".": "point", "@": "arobase", "/": "barre oblique", "-": "tiret", "_": "tiret bas", "+": "plus"},
    "es": {".": "punto", "@": "arroba", "/": "barra", "-": "guion", "_": "guion bajo", "+": "más"},
    "it": {".": "punto", "@": "chiocciola", "/": "barra", "-": "trattino", "_": "trattino basso"},
    "pt": {".": "ponto", "@": "arroba", "/": "barra", "-": "hífen", "_": "sublinhado", "+": "mais"},
}


def match_address(text: str, at: int, language: str) -> tuple[int, str] | None:
    """The address that begins at `at`, if any: where it ends, and how it is read out.

    The scheme, "www.", queries and long paths are left out. Languages without words for the signs get the
    address without them.
    """
    if not _CANDIDATE.match(text, at):
        return None
    if found := _EMAIL.match(text, at):
        return found.end(), _read(found[0], language)
    found = _URL.match(text, at) or _NAME.match(text, at)
    if not found:
        return None
    address = found[0].rstrip(_TRAILING)
    return at + len(address), _read(_essence(address), language)


def _essence(address: str) -> str:
    """The host, and a path if it is short enough to be worth hearing."""
    bare = re.sub(r"^[A-Za-z0-9+]+://", "", address)
    bare = re.sub(r"^www\.", "", bare, flags=re.IGNORECASE)
    bare = re.split(r"[?#]", bare)[0].rstrip("/")
    host, slash, path = bare.partition("/")
    return bare if slash and len(path) <= _LONGEST_PATH else host


def _read(address: str, language: str) -> str:
    words = _WORDS.get(language, {})
    parts = re.findall(r"[^\W_]+|.", address)
    said = (part if part.isalnum() else words.get(part, "") for part in parts)
    return " ".join(part for part in said if part)
