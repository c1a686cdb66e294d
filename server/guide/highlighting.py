"""Colors for code, as classes of static/css/guide.css; whatever else pygments tells apart looks the same."""

from functools import cache
from typing import Any

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from pygments.lexer import Lexer
from pygments.lexers import get_lexer_by_name
from pygments.token import Comment, Keyword, Literal, Name, String
from pygments.util import ClassNotFound

# The first of them that a token is a kind of.
CLASSES = (
    (Comment, "code-comment"),
    (String, "code-string"),
    (Literal, "code-literal"),
    (Keyword.Constant, "code-literal"),
    (Keyword, "code-keyword"),
    (Name.Tag, "code-name"),
    (Name.Attribute, "code-name"),
    (Name.Variable, "code-name"),
)


def highlight(code: str, language: str) -> SafeString:
    """Return code as HTML, in which what has a color of its own is a span with a class.

    Args:
        code: the code.
        language: its name, as Markdown's fences say it; without one that is known nothing has a color.
    """
    lexer = lexer_of(language)
    if lexer is None:
        return escape(code)
    return mark_safe("".join(span(kind, text) for kind, text in lexer.get_tokens(code)))  # noqa: S308  # each is escaped


@cache
def lexer_of(language: str) -> Lexer | None:
    """Return what reads a language; None for one that is unknown."""
    try:
        return get_lexer_by_name(language, stripnl=False, ensurenl=False)
    except ClassNotFound:
        return None


def span(kind: Any, text: str) -> str:
    """Return a token as HTML."""
    name = next((name for each, name in CLASSES if kind in each), "")
    return f'<span class="{name}">{escape(text)}</span>' if name and text.strip() else escape(text)
