"""The product's views and their URLs, by name."""

from collections.abc import Iterator
from pathlib import Path

from django.urls import URLPattern, URLResolver, get_resolver

ROOT = Path(__file__).resolve().parents[1]


def views(resolver: URLResolver, namespace: str = "", prefix: str = "") -> Iterator[tuple[str, object, str]]:
    for pattern in resolver.url_patterns:
        path = prefix + str(pattern.pattern).lstrip("^")
        if isinstance(pattern, URLResolver):
            inner = f"{namespace}{pattern.namespace}:" if pattern.namespace else namespace
            yield from views(pattern, inner, path)
        elif isinstance(pattern, URLPattern):
            yield f"{namespace}{pattern.name}", pattern.callback, path


VIEWS = {name: view for name, view, _ in views(get_resolver())}
PATTERNS = {name: path for name, _, path in views(get_resolver())}
