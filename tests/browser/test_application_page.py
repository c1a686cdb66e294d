"""What scripts and Chromium add to the administrators' pages, and that the pages need neither."""

import json
import re
from collections.abc import Iterator
from io import BytesIO

import pytest
from PIL import Image
from playwright.sync_api import Browser, ConsoleMessage, Dialog, FilePayload, Page, expect

from tests.browser.steps import sign_in
from tests.infrastructure.installation import Installation
from tests.rules.images import encoded, rgb_profile

pytestmark = [pytest.mark.browser, pytest.mark.story]
REDIRECT_URL = "https://client.example/callback"
HIDDEN = "Bank\u202emoc.knab"


@pytest.fixture
def address(page: Page, installation: Installation) -> Iterator[str]:
    """The page of an application of its own, seen by an administrator; the browser complains of nothing."""
    complaints: list[str] = []

    def note(message: ConsoleMessage) -> None:
        if message.type == "error" and "status of 422" not in message.text:  # a form that was refused
            complaints.append(message.text)

    page.on("console", note)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    own = make(installation, "Edited here")
    page.goto(own)
    sign_in(page)
    expect(page.get_by_role("heading", name="Edited here")).to_be_visible()
    yield own
    assert complaints == []
    page.goto(f"{own}deletion/")
    page.get_by_label("To confirm, enter the application name").fill("edited here")
    page.get_by_role("button", name="Delete application").click()
    expect(page.get_by_text("Deleted: Edited here")).to_be_visible()


def make(installation: Installation, name: str) -> str:
    arguments = ("--type", "single_page", "--name", name, "--redirect-url", REDIRECT_URL, "--json")
    created = installation.manage("create_application", *arguments)
    assert created.returncode == 0, created.stderr
    return f"{installation.base_url}/console/applications/{json.loads(created.stdout)['client_id']}/"


def list_of(installation: Installation) -> str:
    return f"{installation.base_url}/console/applications/"


def test_the_dialog_opens_closes_and_gives_the_focus_back_by_keyboard(
    page: Page, installation: Installation, address: str
) -> None:
    page.goto(list_of(installation))
    opener = page.get_by_role("button", name="Create app integration")
    opener.focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="New OAuth2 application")
    expect(dialog).to_be_visible()
    expect(dialog.get_by_role("radio").first).to_be_focused()
    expect(dialog.get_by_role("radio", checked=True)).to_have_count(0)
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(opener).to_be_focused()
    page.keyboard.press("Enter")
    dialog.get_by_role("button", name="Cancel").click()
    expect(dialog).to_be_hidden()
    expect(opener).to_be_focused()


def test_without_javascript_the_dialog_opens_and_what_is_refused_is_kept(
    browser: Browser, installation: Installation
) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(list_of(installation))
    sign_in(page)
    expect(page.get_by_role("link", name="on a page of its own").first).to_be_visible()
    page.get_by_role("button", name="Create app integration").first.click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    dialog.get_by_text("Web Application", exact=True).click()
    dialog.get_by_label("Name").fill(HIDDEN)
    dialog.get_by_role("button", name="Create", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("Remove the character U+202E")
    expect(page.get_by_label("Web Application", exact=True)).to_be_checked()
    expect(page.get_by_label("Name")).to_have_value(HIDDEN)
    context.close()


def test_a_browser_that_knows_no_commands_gets_a_link_to_the_page(
    page: Page, installation: Installation, address: str
) -> None:
    page.add_init_script("delete HTMLButtonElement.prototype.commandForElement")
    page.goto(list_of(installation))
    page.get_by_role("link", name="Create app integration").click()
    expect(page.get_by_role("heading", level=1, name="New OAuth2 application")).to_be_visible()


def test_the_sentence_about_refresh_tokens_follows_what_is_chosen(page: Page, address: str) -> None:
    said = page.locator("[data-effect-text]")
    expect(said).to_contain_text("after 6 months of inactivity, and at least once a year")
    page.get_by_label("Absolute expiration").select_option("30d")
    expect(said).to_contain_text("the inactivity expiration (6 months) never takes effect")
    warning = page.get_by_text("RFC 9700 (section 2.2.2) asks for rotation here.")
    expect(warning).to_be_hidden()
    page.get_by_label("Rotate refresh token").uncheck()
    expect(warning).to_be_visible()
    expect(said).to_contain_text("so a stolen copy keeps working")
    discard(page)


def discard(page: Page) -> None:
    page.get_by_role("link", name="Discard changes").click()
    expect(page.get_by_role("link", name="Discard changes")).to_be_hidden()


def picture() -> FilePayload:
    file = BytesIO()
    Image.new("RGB", (64, 64), "teal").save(file, "PNG")
    return {"name": "logo.png", "mimeType": "image/png", "buffer": file.getvalue()}


def test_the_preview_shows_the_picture_and_the_name_before_they_are_saved(page: Page, address: str) -> None:
    pictures = page.locator("[data-preview-picture]")
    expect(page.locator("[data-preview-initial]").first).to_have_text("E")
    expect(pictures.first).to_be_hidden()
    page.get_by_label("Name", exact=True).fill("Other name")
    expect(page.locator("[data-preview-name]").last).to_have_text("Other name")
    page.get_by_label("Logo").set_input_files(picture())
    expect(pictures).to_have_count(2)
    for shown in pictures.all():
        expect(shown).to_be_visible()
        assert shown.evaluate("image => image.decode().then(() => image.naturalWidth)") == 64
    light, dark = (
        page.locator(f".preview-{scheme}").evaluate("card => getComputedStyle(card).backgroundColor")
        for scheme in ("light", "dark")
    )
    assert light != dark
    drawing: FilePayload = {"name": "x.svg", "mimeType": "image/svg+xml", "buffer": b"<svg/>"}
    page.get_by_label("Logo").set_input_files(drawing)
    expect(page.locator("[data-preview-note]")).to_have_text(re.compile("not a PNG"))
    discard(page)


PASTE = """(field, text) => {
  const clipboardData = new DataTransfer();
  clipboardData.setData("text/plain", text);
  return field.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
}"""


def urls_in(page: Page) -> list[str]:
    return [field.input_value() for field in page.locator("input[name=redirect_url]").all()]


@pytest.mark.spec("C-18", "the console")
@pytest.mark.parametrize("between", [",", ";", "\n", ", ", ""])
def test_one_paste_of_several_addresses_becomes_rows(page: Page, address: str, between: str) -> None:
    page.get_by_role("button", name="Add Redirect URL").click()
    pasted = between.join(["https://a.example/cb?next=https://c.example/", "https://b.example/cb"])
    is_left_to_the_browser = page.get_by_label("Redirect URL 2").evaluate(PASTE, pasted)
    assert not is_left_to_the_browser
    assert urls_in(page) == [
        REDIRECT_URL,
        "https://a.example/cb?next=https://c.example/",
        "https://b.example/cb",
    ]
    expect(page.get_by_label("Redirect URL 3")).to_be_focused()
    expect(page.locator("[data-unsaved-note]")).to_have_text("Changes are not saved yet.")
    assert page.get_by_label("Redirect URL 1").evaluate(PASTE, "https://c.example/x,y")
    discard(page)


@pytest.mark.spec("C-18", "the console")
def test_no_script_makes_more_than_fifty_rows(page: Page, address: str) -> None:
    note = page.locator("[data-rows-note]")
    many = " ".join(f"https://a.example/{number}" for number in range(49))
    page.get_by_label("Redirect URL 1").evaluate(PASTE, f"{many} https://b.example/ https://c.example/")
    expect(note).to_have_text("An application can have at most 50 Redirect URLs.")
    assert urls_in(page) == [REDIRECT_URL]
    page.get_by_label("Redirect URL 1").evaluate("field => field.setSelectionRange(0, 0)")
    page.get_by_label("Redirect URL 1").evaluate(PASTE, many)
    assert len(urls_in(page)) == 50
    expect(note).to_have_text("")
    page.get_by_role("button", name="Add Redirect URL").click()
    expect(note).to_have_text("An application can have at most 50 Redirect URLs.")
    assert len(urls_in(page)) == 50
    page.get_by_role("button", name="Remove Redirect URL 50", exact=True).click()
    expect(note).to_have_text("")
    discard(page)


COLOR_IN_THE_MIDDLE = """async image => {
  await image.decode();
  const canvas = new OffscreenCanvas(64, 64);
  const drawing = canvas.getContext("2d");
  drawing.drawImage(image, 0, 0, 64, 64);
  return [...drawing.getImageData(32, 32, 1, 1).data];
}"""


@pytest.mark.spec("C-16", "the preview")
def test_a_logo_has_the_colors_of_its_preview(page: Page, address: str) -> None:
    data = encoded(Image.new("RGB", (64, 64), (160, 120, 80)), "JPEG", quality=98, icc_profile=rgb_profile())
    page.get_by_label("Logo").set_input_files({"name": "logo.jpg", "mimeType": "image/jpeg", "buffer": data})
    picture = page.locator("[data-preview-picture]").first
    expect(picture).to_be_visible()
    previewed = picture.evaluate(COLOR_IN_THE_MIDDLE)
    page.get_by_role("button", name="Save", exact=True).last.click()
    expect(page.get_by_text("Saved: Logo")).to_be_visible()
    saved = page.locator("[data-preview-picture]").first.evaluate(COLOR_IN_THE_MIDDLE)
    assert all(abs(one - other) <= 3 for one, other in zip(previewed, saved, strict=True)), (previewed, saved)


def test_unsaved_changes_are_said_and_guarded_and_save_does_not_nag(page: Page, address: str) -> None:
    asked: list[str] = []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    page.on("dialog", stay)
    note = page.locator("[data-unsaved-note]")
    expect(note).to_have_text("")
    description = page.get_by_label("Description", exact=True)
    description.fill("Typed")
    expect(note).to_have_text("Changes are not saved yet.")
    page.get_by_role("link", name="OAuth2 Applications").first.click()
    expect(description).to_have_value("Typed")
    assert asked == ["beforeunload"]
    description.fill("")
    expect(note).to_have_text("")
    page.get_by_role("button", name="Add Redirect URL").click()
    expect(note).to_have_text("Changes are not saved yet.")
    page.get_by_role("button", name="Remove Redirect URL 2").click()
    expect(note).to_have_text("")
    description.fill("Typed again")
    page.get_by_role("button", name="Save", exact=True).last.click()
    expect(page.get_by_text("Saved: Description")).to_be_visible()
    page.get_by_role("link", name="OAuth2 Applications").first.click()
    expect(page.get_by_role("heading", name="OAuth2 Applications")).to_be_visible()
    assert asked == ["beforeunload"]


def test_what_was_refused_counts_as_not_saved_and_the_summary_has_the_focus(page: Page, address: str) -> None:
    page.get_by_label("Name", exact=True).fill("")
    page.get_by_role("button", name="Save", exact=True).last.click()
    expect(page.get_by_role("alert")).to_be_focused()
    expect(page).to_have_title("Error: Settings · Edited here · Gatehouse")
    expect(page.locator("[data-unsaved-note]")).to_have_text("Changes are not saved yet.")
    page.get_by_role("alert").get_by_role("link", name="Name").click()
    expect(page.get_by_label("Name", exact=True)).to_be_focused()
    discard(page)


def test_lines_are_copied_and_that_is_said(page: Page, address: str) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("link", name="Use it").click()
    page.get_by_role("button", name="Copy Create a code verifier and its challenge").click()
    expect(page.locator("main > [role=status]").last).to_have_text("Copied")
    assert "openssl rand" in page.evaluate("navigator.clipboard.readText()")


@pytest.mark.parametrize("width", [320, 1280])
def test_the_list_stays_a_table_with_headers_for_who_hears_it(
    page: Page, installation: Installation, address: str, width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 700})
    page.goto(list_of(installation))
    table = page.get_by_role("table", name="OAuth2 applications")
    headers = [header.inner_text() for header in table.get_by_role("columnheader").all()]
    assert headers == ["Name", "Type", "Status", "Created", "Last used", "Last 7 days", "Actions"]
    row = table.get_by_role("row", name="Edited here")
    expect(row.get_by_role("rowheader")).to_contain_text("Edited here")
    expect(row.get_by_role("cell")).to_have_count(6)
    for name in ("Edit Edited here", "Delete Edited here"):
        expect(row.get_by_role("link", name=name)).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
