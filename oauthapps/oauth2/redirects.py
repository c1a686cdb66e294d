"""Building the URL a browser is sent back to."""

from urllib.parse import quote, urlencode


def authorization_response(redirect_uri: str, **parameters: str | None) -> str:
    """Return the redirect URI with the parameters that have a value added to its query.

    The registered part is left exactly as it is; values are percent-encoded so that every client decodes them
    to the same characters (RFC 6749 section 4.1.2).
    """
    given = {name: value for name, value in parameters.items() if value}
    separator = "&" if "?" in redirect_uri else "?"
    return redirect_uri + separator + urlencode(given, quote_via=quote, safe="")
