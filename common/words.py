"""Numbers and spans of time as people say them."""

# Each span is said in the largest unit that is exact; days begin at two, because people say 24 hours.
_UNITS = (("day", 24 * 60 * 60, 2), ("hour", 60 * 60, 1), ("minute", 60, 1))


def counted(number: int, noun: str) -> str:
    """Return a number with its noun, such as "1 passkey" or "2 passkeys"."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def joined(*texts: str) -> str:
    """Return texts as one, a semicolon between them; those that are empty are left out."""
    return "; ".join(filter(None, texts))


def span_in_words(seconds: int) -> str:
    """Return a span of so many seconds exactly, in one unit, such as "90 minutes", "1 hour" or "7 days"."""
    for unit, length, fewest in _UNITS:
        number, rest = divmod(seconds, length)
        if not rest and number >= fewest:
            return counted(number, unit)
    return counted(seconds, "second")


def rough_span(seconds: int) -> str:
    """Return a span of about so many seconds in the largest unit that it has two of, such as "3 days"."""
    for unit, length, _ in _UNITS:
        if seconds >= 2 * length:
            return counted(seconds // length, unit)
    return counted(seconds, "second")
