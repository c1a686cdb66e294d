"""Rules about the code itself."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from oauthapps.http.messages import Endpoint
from server.pages.error_pages import is_api_path
from tests.urlconf import PATTERNS, ROOT, VIEWS

SOURCES = [
    path
    for folder in ("accounts", "audit", "common", "config", "oauthapps", "server")
    for path in sorted((ROOT / folder).rglob("*.py"))
    if "migrations" not in path.parts
]

# Everything that answers without a sign-in. Adding a line here is a decision.
OPEN = {
    "account_login",
    "account_logout",  # leads to the sign-in page
    "account_inactive",
    "provider-logout",
    "signed-out",
    "account_reset_password",
    "account_reset_password_done",
    "change-password",  # leads to where it is changed
    "first-password",  # while a sign-in is under way
    "set-password",
    "provider-sign-in",
    "provider-callback",
    "confirm-identity",  # while a sign-in is under way
    "mfa_authenticate",
    "mfa_login_webauthn",
    "color-scheme",
    "logo",
    "guide:contents",
    "guide:page",
    "oauth2_provider:authorize",
    "oauth2_provider:switch-account",  # leads to the sign-in page
    "oauth2_provider:token",
    "oauth2_provider:jwt-exchange",
    "oauth2_provider:revoke-token",
    "oauth2_provider:introspect",
    "oauth2_provider:explain",
    "metadata",
    "healthz",
    "readyz",
    "metrics",
    "api:me",
    "api:user-me",
    "api:user-search",
    "api:logout",
    "api:attask",
    "api:verify",
    "api:protected-resource",
    "scim:users",
    "scim:user",
    "scim:provider-config",
    "scim:resource-types",
    "scim:resource-type",
    "scim:schemas",
    "scim:schema",
    "scim:groups",
    "scim:not-found",
}
# The only ones that look for no CSRF token: no cookie authenticates there.
WITHOUT_CSRF = {
    "metadata",
    "healthz",
    "readyz",
    "metrics",
    "oauth2_provider:token",
    "oauth2_provider:jwt-exchange",
    "oauth2_provider:revoke-token",
    "oauth2_provider:introspect",
    "oauth2_provider:explain",
    "api:verify",
    "api:protected-resource",
    "api:me",
    "api:user-me",
    "api:user-search",
    "api:logout",
    "api:attask",
    "provider-logout",
    "scim:users",
    "scim:user",
    "scim:provider-config",
    "scim:resource-types",
    "scim:resource-type",
    "scim:schemas",
    "scim:schema",
    "scim:groups",
    "scim:not-found",
}
# Neither do these, which answer GET and HEAD alone, with the same for everybody.
GUIDE = {"guide:contents", "guide:page"}


def test_every_view_is_closed_unless_listed() -> None:
    is_open = {name for name, view in VIEWS.items() if not getattr(view, "login_required", True)}
    assert is_open == OPEN


def test_every_view_wants_a_csrf_token_unless_listed() -> None:
    exempt = {name for name, view in VIEWS.items() if getattr(view, "csrf_exempt", False)}
    assert exempt == WITHOUT_CSRF | GUIDE


def test_where_programs_ask_are_endpoints_alone_and_nowhere_else() -> None:
    """No sign-in and no token is checked on the way there (server.dispatcher)."""
    asked = {name for name, path in PATTERNS.items() if is_api_path(f"/{path}")}
    assert asked == WITHOUT_CSRF == {name for name, view in VIEWS.items() if isinstance(view, Endpoint)}


SERVICES = [path for path in SOURCES if "services" in (path.stem, path.parent.name)]
LEAVES = sorted(
    [
        *(ROOT / "oauthapps").glob("*.py"),
        *(ROOT / "oauthapps" / "rules").rglob("*.py"),
        *(ROOT / "common").glob("*.py"),
    ]
)


@pytest.mark.parametrize("path", SERVICES + LEAVES, ids=lambda path: str(path.relative_to(ROOT)))
def test_services_and_leaves_never_see_a_request(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert "HttpRequest" not in text
    assert "django.http" not in text


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_fits_in_the_head(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 260


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_functions_are_short(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            docstring = ast.get_docstring(node, clean=False) or ""
            length = (node.end_lineno or node.lineno) - node.lineno + 1 - len(docstring.splitlines())
            assert length <= 45, f"{node.name} has {length} lines without its docstring"


def test_locks_let_rows_refer_to_what_they_hold() -> None:
    """A row that is held for its key too would keep every new token of it waiting."""
    locks = [
        (str(path.relative_to(ROOT)), "no_key=True" in [ast.unparse(keyword) for keyword in node.keywords])
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith(".select_for_update")
    ]
    assert locks
    assert [path for path, lets_refer in locks if not lets_refer] == []


def written_fields(tree: ast.AST) -> Iterator[str]:
    """Yield what is assigned to objects, and what `update` is called with."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            inner = [each for target in targets for each in ast.walk(target)]
            yield from (each.attr for each in inner if isinstance(each, ast.Attribute))
        elif (
            isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "update"
        ):
            yield from (keyword.arg for keyword in node.keywords if keyword.arg)


@pytest.mark.parametrize(
    ("field", "writers"),
    [
        # Nobody is deactivated, or back, with tokens that go on; whoever takes up an invitation has none yet.
        ("is_active", {"oauthapps/services/activation.py", "accounts/services/links.py"}),
        # Nobody is active again whose tokens lapsed in their absence.
        ("last_active_at", {"oauthapps/services/activity.py"}),
    ],
)
def test_what_ends_tokens_is_written_where_it_ends_them(field: str, writers: set[str]) -> None:
    found = {
        str(path.relative_to(ROOT))
        for path in SOURCES
        if field in written_fields(ast.parse(path.read_text(encoding="utf-8")))
    }
    assert found == writers
