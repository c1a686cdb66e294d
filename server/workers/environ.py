"""What Django and our endpoints read of a request (PEP 3333)."""

from typing import Any

Environ = dict[str, Any]
# The names of headers that are kept, and how long they may be: what strangers send must not fill the memory.
MOST_NAMES = 500
LONGEST_NAME = 60


class Keys(dict[str, str]):
    """Where headers are found, by their names in lower case.

    A name with an underscore is found nowhere: a proxy's `X-Forwarded-For` and a stranger's `X_Forwarded_For`
    would have the same key.
    """

    def __missing__(self, name: str) -> str:
        """Return the key of a name that is met for the first time."""
        key = "" if "_" in name else f"HTTP_{name.replace('-', '_').upper()}"
        if len(self) < MOST_NAMES and len(name) <= LONGEST_NAME:
            self[name] = key
        return key


KEYS = Keys({"content-type": "CONTENT_TYPE", "content-length": "CONTENT_LENGTH"})


def environ_of(scope: Any, server: tuple[str, int]) -> Environ:
    """Return the environ of a request.

    Args:
        scope: what granian says of the request (RSGI).
        server: host and port that the server listens on.
    """
    named = scope.headers
    headers = named.items()
    environ: Environ = {KEYS[name]: value for name, value in headers}
    if not len(environ) == len(headers) == len(named):
        environ = joined(headers) | without_values(named.keys(), headers)
    environ.pop("", None)
    environ["HTTP_HOST"] = scope.authority or environ.get("HTTP_HOST", "")  # RFC 9112 section 3.2.2
    path, query = scope.path, scope.query_string
    environ["REQUEST_METHOD"] = scope.method
    environ["PATH_INFO"] = path if path.isascii() else in_latin_1(path)
    environ["QUERY_STRING"] = query if query.isascii() else in_latin_1(query)
    environ["REMOTE_ADDR"] = scope.client.rpartition(":")[0].strip("[]")
    environ["SERVER_PROTOCOL"] = "HTTP/1.1"
    environ["SERVER_NAME"], environ["SERVER_PORT"] = server[0], str(server[1])
    environ["wsgi.url_scheme"] = scope.scheme
    return environ


def joined(headers: list[tuple[str, str]]) -> Environ:
    """Return headers of which some come more than once (RFC 9110 section 5.3; cookies: RFC 9113 8.2.3)."""
    environ: Environ = {}
    for name, value in headers:
        key = KEYS[name]
        separator = "; " if name == "cookie" else ","
        environ[key] = f"{environ[key]}{separator}{value}" if key in environ else value
    return environ


def without_values(names: list[str], headers: list[tuple[str, str]]) -> Environ:
    """Return, empty, the headers whose values granian passes over, since they are not of ASCII.

    So what a stranger writes into a header cannot make it look as if the proxy had not sent it.
    """
    return {KEYS[name]: "" for name in set(names) - {name for name, _ in headers}}


def in_latin_1(text: str) -> str:
    """Return a text as its bytes in UTF-8, each one a character (PEP 3333)."""
    return text.encode().decode("latin-1")
