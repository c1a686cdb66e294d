"""What our public names look like in a URL: anything else is 404 before a view runs.

Importing this module makes them known, once, however many URLconfs use them.
"""

from django.urls import register_converter
from django.urls.converters import StringConverter


class IdentifierConverter(StringConverter):
    """A Client ID or User ID: 32 lower-case hexadecimal digits."""

    regex = "[0-9a-f]{32}"


class DigestConverter(StringConverter):
    """A SHA-256 digest: 64 lower-case hexadecimal digits."""

    regex = "[0-9a-f]{64}"


register_converter(IdentifierConverter, "identifier")
register_converter(DigestConverter, "digest")
