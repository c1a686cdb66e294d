"""The page "Errors" has every error that the code can answer with, each with its cause and fix."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import oauthlib.oauth2
import pytest
from oauthlib.oauth2 import OAuth2Error

import oauthapps.oauth2.endpoints  # with it all errors of our own
import oauthapps.oauth2.token_endpoint  # noqa: F401
from oauthapps.explanations.families import CAUSES
from server.workers import answers
from tests.test_documents import HEADING

ROOT = Path(__file__).resolve().parents[3]
PAGE = (ROOT / "docs" / "guide" / "errors.md").read_text(encoding="utf-8")
PLAIN = re.sub(r"\s+", " ", PAGE.replace("`", ""))
# Where refusals come from; explained.py says what administrators read.
SOURCES = [
    *(
        path
        for folder in ("oauth2", "api", "http")
        for path in sorted((ROOT / "oauthapps" / folder).glob("*.py"))
        if path.name != "explained.py"
    ),
    ROOT / "server" / "dispatcher.py",
    ROOT / "server" / "pages" / "error_pages.py",
    ROOT / "server" / "workers" / "answers.py",
]
# Words that are no refusal: headers, names of counters, lines of the log, a hint on the consent page.
NO_REFUSALS = {
    'Basic realm="gatehouse", charset="UTF-8"',
    "authorization, content-type, sessionid",
    "WWW-Authenticate, Retry-After, X-Request-Id",
    "client … …",
    "introspection by …",
    "explain by …",
    "%s %s: %d %s: %s",
    " You can choose a shorter time below.",
    " or ",
    "… second… ago",
    # What administrators read of a network that is slowed down, and of a challenge.
    "for any clients",
    "for this client",
    "missing, which means plain",
}
# Errors of oauthlib that have a sentence of their own.
OF_OAUTHLIB = (
    "Missing response_type parameter.",
    "Code challenge required.",
)
SENTENCE_WORDS = 3
# Of these calls clients read so many arguments; the others are for administrators.
FIXES = {"fix", "RIGHT_HOST", "USE_HTTPS"}
TOLD_ARGUMENTS = {"UnreadableRequestError": 1, "Explanation": 0}


def texts_in(tree: ast.AST) -> Iterator[str]:
    """The texts of a module but for its docstrings, with … for what varies."""
    left_out = {id(part) for node in ast.walk(tree) for each in not_told(node) for part in ast.walk(each)}
    for node in ast.walk(tree):
        if id(node) in left_out:
            continue
        if isinstance(node, ast.JoinedStr):
            left_out |= {id(part) for part in ast.walk(node)}
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else "…" for part in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def not_told(node: ast.AST) -> Iterator[ast.AST]:
    """The parts of a node that no client reads: docstrings, and what is said to administrators alone."""
    if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
        yield from (each for each in node.body[:1] if isinstance(each, ast.Expr))
    if isinstance(node, ast.Call):
        called = [ast.unparse(each).split(".")[-1] for each in (node.func, *node.args[:1])]
        name = called[1] if called[0] == "partial" else called[0]
        yield from node.args[TOLD_ARGUMENTS[name] :] if name in TOLD_ARGUMENTS else ()
    if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) in FIXES:
        yield node.value


def refusals() -> list[str]:
    found = {text for path in SOURCES for text in texts_in(ast.parse(path.read_text(encoding="utf-8")))}
    sentences = {text for text in found if len(text.split(" ")) >= SENTENCE_WORDS}
    return sorted(sentences - NO_REFUSALS | set(OF_OAUTHLIB) | set(CAUSES.values()))


def explained(refusal: str) -> bool:
    """Whether the page has a refusal; where something varies it may say anything."""
    pattern = ".{1,80}?".join(map(re.escape, refusal.strip().split("…")))
    return re.search(pattern, PLAIN) is not None


@pytest.mark.spec("U-161", "the integration guide")
@pytest.mark.parametrize("refusal", refusals())
def test_every_refusal_has_its_cause_and_fix(refusal: str) -> None:
    assert explained(refusal)


def errors_of(kind: type[OAuth2Error]) -> Iterator[type[OAuth2Error]]:
    for each in kind.__subclasses__():
        yield each
        yield from errors_of(each)


def codes() -> set[str]:
    """Every error code: of oauthlib's errors that we name, of our own, and those that are written out."""
    text = "\n".join(path.read_text(encoding="utf-8") for path in SOURCES)
    named = [kind for name, kind in vars(oauthlib.oauth2).items() if re.search(rf"\b{name}\b", text)]
    kinds = [kind for kind in named if isinstance(kind, type) and issubclass(kind, OAuth2Error)]
    own = [kind for kind in errors_of(OAuth2Error) if kind.__module__.startswith("oauthapps.")]
    written = re.findall(r"(?:error_response|in_json|told|BearerError)\([^\"]*?\"([a-z_]+)\"", text)
    found = {str(vars(kind)["error"]) for kind in [*kinds, *own] if "error" in vars(kind)} | set(written)
    found |= {error for error, *_ in answers.REFUSALS.values()}
    return found - {"", "None"}


@pytest.mark.spec("U-162", "the integration guide")
def test_every_error_code_is_on_the_page() -> None:
    expected = {"invalid_request", "invalid_grant", "temporarily_unavailable", "server_error", "not_found"}
    assert expected <= codes()
    assert {code for code in codes() if not re.search(rf"\b{code}\b", PLAIN)} == set()


@pytest.mark.spec("U-162", "the integration guide")
def test_every_code_of_the_token_endpoint_has_an_anchor() -> None:
    headings = set(HEADING.findall(PAGE))
    at_the_redirect_url = {
        "access_denied",
        "unsupported_response_type",
        "request_not_supported",
        "request_uri_not_supported",
    }
    assert codes() - at_the_redirect_url <= headings


def test_every_row_has_a_cause_and_a_fix() -> None:
    rows = [line for line in PAGE.splitlines() if line.startswith("| ") and "as above" not in line]
    assert rows
    for row in rows:
        cells = [cell.strip() for cell in row.strip("| ").split(" | ")]
        assert all(cells), row
