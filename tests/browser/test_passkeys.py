"""A passkey in a real browser, with the browser's own virtual authenticator."""

import pytest
from playwright.sync_api import CDPSession, Page, expect

from tests.browser.steps import add_passkey, authenticator_of, remove_passkey, sign_in
from tests.infrastructure.installation import Installation

pytestmark = [pytest.mark.browser, pytest.mark.story]


@pytest.fixture
def authenticator(page: Page) -> CDPSession:
    """The page's own phone or laptop."""
    return authenticator_of(page)[0]


@pytest.fixture
def complaints(page: Page) -> list[str]:
    """What the browser complains about: errors, and what the content security policy forbids."""
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    return said


def test_a_passkey_is_added_signs_in_and_is_removed(
    page: Page, installation: Installation, authenticator: CDPSession, complaints: list[str]
) -> None:
    # This browser does not list passkeys below the field for the username.
    page.add_init_script("PublicKeyCredential.isConditionalMediationAvailable = async () => false")
    add_passkey(page, installation)
    page.get_by_role("button", name="Sign out").click()
    page.goto(f"{installation.base_url}/security/sessions/")
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_role("heading", name="Sessions")).to_be_visible()
    assert page.url == f"{installation.base_url}/security/sessions/"

    page.get_by_role("button", name="Sign out").click()
    sign_in(page)
    expect(
        page.get_by_role("heading", name="Two-factor authentication")
    ).to_be_visible()  # the password is not enough
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_role("heading", name="OAuth2 Applications")).to_be_visible()
    remove_passkey(page, installation)
    assert complaints == []


def test_a_browser_that_lists_passkeys_below_the_field_signs_in_from_there(
    page: Page, installation: Installation, authenticator: CDPSession, complaints: list[str]
) -> None:
    add_passkey(page, installation)
    page.context.clear_cookies()  # the page that Sign out leads to would be signed in from as well
    page.goto(f"{installation.base_url}/security/sessions/")  # the authenticator is chosen without a press
    expect(page.get_by_role("heading", name="Sessions")).to_be_visible()
    remove_passkey(page, installation)
    assert complaints == []


def test_a_passkey_that_is_refused_says_so_and_leaves_the_password(
    page: Page, installation: Installation, authenticator: CDPSession
) -> None:
    page.goto(f"{installation.base_url}/accounts/login/")
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_text("No passkey was used")).to_be_visible()
    sign_in(page)
    expect(page.get_by_role("heading", name="OAuth2 Applications")).to_be_visible()


@pytest.mark.browser_context_args(java_script_enabled=False)
def test_without_javascript_no_passkey_is_offered_and_the_page_that_adds_one_says_why(
    page: Page, installation: Installation
) -> None:
    page.goto(f"{installation.base_url}/accounts/login/")
    expect(page.get_by_role("button", name="Use a passkey")).not_to_be_visible()
    sign_in(page)
    page.goto(f"{installation.base_url}/security/passkeys/new")
    expect(page.get_by_text("Passkeys need JavaScript")).to_be_visible()
    page.get_by_role("button", name="Add passkey").click()
    expect(page.get_by_role("alert").filter(has_text="No passkey was used")).to_be_visible()


# What some password managers put in the place of the browser's object has a toJSON() that throws.
BROKEN_TO_JSON = """
PublicKeyCredential.prototype.toJSON = function () { throw new TypeError("Illegal invocation"); };
PublicKeyCredential.isConditionalMediationAvailable = async () => false;
"""


def test_a_passkey_whose_tojson_throws_is_added_signs_in_and_confirms(
    page: Page, installation: Installation, authenticator: CDPSession, complaints: list[str]
) -> None:
    page.add_init_script(BROKEN_TO_JSON)
    add_passkey(page, installation)
    page.get_by_role("button", name="Sign out").click()
    page.goto(f"{installation.base_url}/accounts/reauthenticate/passkey/?next=/security/sessions/")
    page.get_by_role("button", name="Use a passkey").click()  # to sign in
    expect(page.get_by_role("heading", name="Confirm it's you")).to_be_visible()
    page.get_by_role("button", name="Use a passkey").click()  # to confirm
    expect(page.get_by_role("heading", name="Sessions")).to_be_visible()
    remove_passkey(page, installation)
    assert complaints == []


@pytest.mark.spec("W-78", "WebAuthn Level 3 §5.1.10")
def test_a_passkey_that_cannot_be_sent_is_not_left_on_the_device(
    page: Page, installation: Installation, authenticator: CDPSession
) -> None:
    page.add_init_script(
        BROKEN_TO_JSON
        + """
        const broken = { get() { throw new TypeError(); } };
        Object.defineProperty(PublicKeyCredential.prototype, "response", broken);
        window.forgotten = [];
        PublicKeyCredential.signalUnknownCredential = async (named) => window.forgotten.push(named);
        """
    )
    page.goto(f"{installation.base_url}/security/passkeys/new")
    sign_in(page)
    page.get_by_role("button", name="Add passkey").click()
    expect(page.get_by_text("No passkey was added. If your device lists a new passkey")).to_be_visible()
    [named] = page.evaluate("forgotten")
    assert named["rpId"] == "localhost"
    assert named["credentialId"]
    page.goto(f"{installation.base_url}/security/passkeys/")
    expect(page.get_by_role("heading", name="No passkeys yet")).to_be_visible()


@pytest.mark.spec("W-78", "WebAuthn Level 3 §5.1.10")
def test_a_passkey_that_was_refused_is_not_left_on_the_device(
    page: Page, installation: Installation, authenticator: CDPSession
) -> None:
    page.add_init_script(
        """
        window.forgotten = [];
        PublicKeyCredential.signalUnknownCredential = async (named) => window.forgotten.push(named);
        """
    )
    page.goto(f"{installation.base_url}/security/passkeys/new")
    sign_in(page)
    page.get_by_label("Name").fill("left\u202eright")
    page.get_by_role("button", name="Add passkey").click()
    expect(page.get_by_text("No passkey was added.")).to_be_visible()
    [named] = page.evaluate("forgotten")
    assert named["rpId"] == "localhost"
    assert named["credentialId"]


def test_a_security_key_without_a_pin_is_told_to_get_one(page: Page, installation: Installation) -> None:
    authenticator_of(page, transport="usb", hasUserVerification=False, isUserVerified=False)
    page.goto(f"{installation.base_url}/security/passkeys/new")
    sign_in(page)
    page.get_by_role("button", name="Add passkey").click()
    expect(page.get_by_text("needs a PIN or fingerprint")).to_be_visible()


def test_recovery_codes_are_printed_black_on_white_whatever_the_theme(
    page: Page, installation: Installation, authenticator: CDPSession
) -> None:
    add_passkey(page, installation)
    page.emulate_media(media="print", color_scheme="dark")
    printed = [
        page.get_by_label("Recovery codes").evaluate(
            """async (field, theme) => {
              document.documentElement.dataset.colorScheme = theme;
              await Promise.all(document.getAnimations().map((change) => change.finished));
              return [field, field.closest(".card"), document.body].flatMap((part) => {
                const style = getComputedStyle(part);
                return [style.color, style.backgroundColor];
              });
            }""",
            theme,
        )
        for theme in ("light", "dark", "")
    ]
    page.emulate_media(media="screen", color_scheme="light")
    remove_passkey(page, installation)
    assert printed == [["rgb(0, 0, 0)", "rgb(255, 255, 255)"] * 3] * 3
