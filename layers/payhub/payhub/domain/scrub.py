"""Words that may be shown: one short line, and nothing in it that looks like a card number."""

import re

WORDS_MAX_CHARS = 300

CARD_LIKE = re.compile(r"\d(?:[ .-]{0,2}\d){11,18}")
"""12 to 19 digits, plain, spaced, dashed or dotted."""


def scrub(words: str) -> str:
    """Somebody else's words in one short line, long digit runs masked."""
    line = " ".join(without_numbers(words).split())
    printable = "".join(c for c in line if c.isprintable())
    return printable[:WORDS_MAX_CHARS]


def without_numbers(words: str) -> str:
    """The words with every long run of digits masked."""
    return CARD_LIKE.sub("[number]", words)
