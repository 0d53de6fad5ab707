"""How Chinese text is cut for searching: one token a character, a phrase for a word. Pure.

A word is found wherever its characters stand side by side, so one- and two-character words, names and places are all
found, which word segmentation cannot promise.
"""

import re
from itertools import pairwise

TOKEN = re.compile(r"[㐀-䶿一-鿿豈-﫿\U00020000-\U0003ffff]|[0-9a-z]+")


def tokens(text: str) -> list[str]:
    """Each Chinese character, and each run of latin letters and digits in lower case."""
    return TOKEN.findall("".join(map(_narrow, text)).lower())


def _narrow(character: str) -> str:
    """Full-width digits and letters, which a Chinese keyboard easily types, as their narrow ones."""
    code = ord(character)
    return chr(code - 0xFEE0) if 0xFF01 <= code <= 0xFF5E else character


def body(*texts: str) -> str:
    """The searchable form of a text: its tokens between spaces, with a space at both ends."""
    return f" {' '.join(tokens(' . '.join(t for t in texts if t)))} "


def phrases(query: str) -> list[str]:
    """The query's words as phrases of tokens; all of them must be found. Empty if there is nothing to look for."""
    return [" ".join(found) for word in query.split() if (found := tokens(word))]


def grams(text: str) -> str:
    """Every token and every pair of neighbours: what a GIN index needs to answer one- and two-character words."""
    found = text.split()
    pairs = [a + b for a, b in pairwise(found) if len(a) == len(b) == 1]
    return " ".join(dict.fromkeys([*found, *pairs]))
