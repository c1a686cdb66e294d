"""Whoever is signed in can sign out from wherever they are."""

import pytest
from django.urls import reverse

from tests.console.pages import Browser
from tests.urlconf import PATTERNS, VIEWS

# Every page that needs a sign-in and whose URL names nothing.
PAGES = sorted(
    name
    for name, view in VIEWS.items()
    if getattr(view, "login_required", True) and "<" not in PATTERNS[name]
)

# They lead back to such a page with Cancel.
CONFIRMING = {"account_reauthenticate", "mfa_reauthenticate", "mfa_reauthenticate_webauthn"}


@pytest.mark.spec("W-93", "ASVS 7.4.4")
def test_every_page_of_somebody_signed_in_has_sign_out(console: Browser) -> None:
    looked_at = []
    for name in set(PAGES) - CONFIRMING:
        page = console.get(reverse(name))
        if page.status == 200 and page.answer["Content-Type"].startswith("text/html"):
            assert page.form(reverse("account_logout")), name
            assert "Sign out" in page.buttons(), name
            looked_at.append(name)
    assert len(looked_at) >= 15
