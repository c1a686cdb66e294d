"""Markdown of our own documents as HTML for a page of the guide. HTML in it stays text."""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import OptionsDict

from server.guide.highlighting import highlight

NOT_IN_ANCHORS = re.compile(r"[^\w -]")


class Heading(NamedTuple):
    """A heading: its level from 1, its text, and the anchor that links name."""

    level: int
    text: str
    anchor: str


class Rendered(NamedTuple):
    """A document: its title, its headings below that, and the rest as HTML."""

    title: str
    headings: Sequence[Heading]
    html: SafeString


def render(text: str, url_of: Callable[[str], str]) -> Rendered:
    """Return a document as HTML.

    Args:
        text: Markdown (CommonMark, and tables); its first line is the title.
        url_of: says where a link leads on the page; empty where that has no page, so that its text remains.
    """
    tokens = PARSER.parse(text)
    headings = name_headings(tokens)
    name_cells(tokens)
    for token in tokens:
        token.children = with_own_links(token.children, url_of) if token.children else token.children
    html = PARSER.renderer.render(tokens[TITLE_TOKENS:], PARSER.options, {})
    return Rendered(headings[0].text, headings[1:], mark_safe(html))  # noqa: S308  # from our documents, escaped


class Renderer(RendererHTML):
    """Writes what pages need besides: links to headings, labels in tables, code to copy."""

    def heading_open(self, tokens: Sequence[Token], index: int, options: OptionsDict, env: Any) -> str:
        """Begin a heading that links to itself."""
        anchor = tokens[index].attrGet("id")
        opening = self.renderToken(tokens, index, options, env)
        return opening + format_html('<a class="heading-link" href="#{}">', anchor)

    def heading_close(self, tokens: Sequence[Token], index: int, options: OptionsDict, env: Any) -> str:
        """End it."""
        return "</a>" + self.renderToken(tokens, index, options, env)

    def td_open(self, tokens: Sequence[Token], index: int, options: OptionsDict, env: Any) -> str:
        """Begin a cell; beside its label it is one thing, whatever is in it."""
        return self.renderToken(tokens, index, options, env) + "<div>"

    def td_close(self, tokens: Sequence[Token], index: int, options: OptionsDict, env: Any) -> str:
        """End it."""
        return "</div>" + self.renderToken(tokens, index, options, env)

    def fence(self, tokens: Sequence[Token], index: int, _options: OptionsDict, env: Any) -> str:
        """Return a block of code, with a button that copies it; JSON has lines of its own."""
        token = tokens[index]
        env["blocks"] = number = env.get("blocks", 0) + 1
        code = token.content.removesuffix("\n")
        shown = indented(code) if token.info == "json" else code
        return format_html(CODE_BLOCK, number, highlight(shown, token.info))


CODE_BLOCK = """<div class="code-block">
<pre class="snippet"><code id="code-{0}">{1}</code></pre>
<button class="button button-small" type="button" data-copy="code-{0}" hidden>
<span data-copy-label>Copy</span><span class="visually-hidden"> code block {0}</span></button>
</div>
"""
PARSER = MarkdownIt("commonmark", {"html": False}, renderer_cls=Renderer).enable("table")
# The first heading, which is its page's own.
TITLE_TOKENS = 3


def indented(code: str) -> str:
    """Return JSON with a line for each member; what is none stays as it is."""
    try:
        return json.dumps(json.loads(code), indent=2, ensure_ascii=False)
    except ValueError:
        return code


def name_headings(tokens: Sequence[Token]) -> list[Heading]:
    """Give every heading the anchor that it has on GitHub, and return them."""
    headings: list[Heading] = []
    times: Counter[str] = Counter()
    for token, content in pairwise(tokens):
        if token.type != "heading_open":
            continue
        text = plain(content)
        anchor = NOT_IN_ANCHORS.sub("", text).lower().replace(" ", "-")
        times[anchor] += 1
        if times[anchor] > 1:
            anchor = f"{anchor}-{times[anchor] - 1}"
        token.attrSet("id", anchor)
        headings.append(Heading(int(token.tag[1]), text, anchor))
    return headings


def name_cells(tokens: Sequence[Token]) -> None:
    """Give tables roles, and cells labels: where there is no room for columns they are lists of cards."""
    labels: list[str] = []
    column = 0
    for token, content in pairwise(tokens):
        if token.type in ROLES:
            for name, value in ROLES[token.type].items():
                token.attrSet(name, value)
        if token.type == "table_open":
            labels = []
        elif token.type == "tr_open":
            column = 0
        elif token.type == "th_open":
            labels.append(plain(content))
        elif token.type == "td_open":
            token.attrSet("data-label", labels[column])
            column += 1


ROLES = {
    "table_open": {"class": "table", "role": "table"},
    "thead_open": {"role": "rowgroup"},
    "tbody_open": {"role": "rowgroup"},
    "tr_open": {"role": "row"},
    "th_open": {"role": "columnheader", "scope": "col"},
    "td_open": {"role": "cell"},
}


def plain(token: Token) -> str:
    """Return the text of a heading or cell without its markup."""
    return "".join(child.content for child in token.children or ())


def with_own_links(tokens: Iterable[Token], url_of: Callable[[str], str]) -> list[Token]:
    """Return the parts of a text, with links that lead to pages, and the words of those that lead nowhere."""
    kept: list[Token] = []
    leads_somewhere = True
    for token in tokens:
        if token.type == "link_open":
            url = url_of(str(token.attrGet("href")))
            leads_somewhere = bool(url)
            token.attrSet("href", url)
        if token.type not in {"link_open", "link_close"} or leads_somewhere:
            kept.append(token)
    return kept
