"""The one form in which texts are compared: Unicode's NFKC and case folding, without signs that nobody sees."""

import unicodedata

_VARIATION_SELECTORS = range(0xFE00, 0xFE10)


def fold(text: str) -> str:
    """Return `text` as it is stored for searching and as it is asked for.

    Composed and decomposed letters, wide and narrow ones, capitals and small ones are the same; joiners and the like
    are left out.
    """
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    return "".join(sign for sign in folded if not _is_unseen(sign))


def _is_unseen(sign: str) -> bool:
    return unicodedata.category(sign) == "Cf" or ord(sign) in _VARIATION_SELECTORS
