"""E-mail addresses as the rules compare them."""

import unicodedata


def fold(address: str) -> str:
    """The form in which two spellings of one address are equal: trimmed, NFKC, without case.

    Rule 2 compares addresses case-insensitively. Folding the part before the @ is stricter than RFC 5321
    (2.4 leaves its case to the receiving host), and is what people expect of "the same address".
    """
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", address.strip()).casefold())
