"""The logo of an application: upload, preview, removal, and the address it is served from."""

from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from PIL import Image

from audit.actors import Actor
from oauthapps.models import Application, Logo
from oauthapps.services.applications import delete_application
from tests.console.pages import Browser, Page, text_of


def picture(color: str = "teal", image_format: str = "PNG") -> bytes:
    file = BytesIO()
    Image.new("RGB", (64, 32), color).save(file, image_format)
    return file.getvalue()


def upload(console: Browser, application: Application, data: bytes, name: str = "logo.png") -> Page:
    form = console.get(application.get_absolute_url())
    return console.send(form, logo=SimpleUploadedFile(name, data, "image/svg+xml"))


def test_an_uploaded_picture_becomes_the_logo_and_is_shown(console: Browser, web: Application) -> None:
    page = console.follow(upload(console, web, picture()))
    assert "Saved: Logo" in page.messages
    logo = Logo.objects.get()
    assert [image.get("src") for image in page.all("img")][:1] == [logo.get_absolute_url()]
    assert Image.open(BytesIO(logo.png)).size == (256, 256)


def test_the_limits_are_stated_beforehand(console: Browser, web: Application) -> None:
    text = console.get(web.get_absolute_url()).text
    assert "PNG, JPEG, GIF or WebP, at most 1 MB and 4096 by 4096 pixels" in text


@pytest.mark.spec("C-05", "ASVS 5.2.2")
@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", "SVG"),
        (b"GIF89a/*<script>", "markup or a script"),
        (b"hello", "not an image"),
        (picture() + b"PK\x03\x04", "something else behind the image"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 1024 * 1024, "larger than 1 MB"),
    ],
)
def test_anything_else_is_refused_with_the_reason(
    console: Browser, web: Application, data: bytes, reason: str
) -> None:
    page = upload(console, web, data)
    assert page.status == 422
    assert reason in page.alerts()
    assert not Logo.objects.exists()


@pytest.mark.spec("C-07", "ASVS 5.3.2")
@pytest.mark.parametrize(
    "name", ["../../x.png", "a\0.png", "x" * 4000, "CON.png", 'a"\r\nX: y.png', "лого.png"]
)
def test_the_name_of_the_file_does_not_matter(console: Browser, web: Application, name: str) -> None:
    page = console.follow(upload(console, web, picture(), name))
    logo = Logo.objects.get()
    assert logo.get_absolute_url() == f"/logos/{logo.digest}.png"
    assert name not in page.content


def test_the_same_picture_again_is_no_change(console: Browser, web: Application) -> None:
    upload(console, web, picture())
    assert "No changes to save" in console.follow(upload(console, web, picture())).messages


def test_the_logo_can_be_removed(console: Browser, web: Application) -> None:
    page = console.follow(upload(console, web, picture()))
    assert "Remove the logo" in page.labels(page.form())
    removed = console.follow(console.send(page, remove_logo="on"))
    assert "Saved: Logo" in removed.messages
    assert not Logo.objects.exists()
    assert "Remove the logo" not in removed.labels(removed.form())


@pytest.mark.spec("C-07", "ASVS 5.3.2, 5.4")
def test_everyone_may_see_a_logo_and_keep_it(console: Browser, web: Application, client: Client) -> None:
    upload(console, web, picture())
    logo = Logo.objects.get()
    answer = client.get(logo.get_absolute_url())
    assert answer.content == bytes(logo.png)
    assert answer["Content-Type"] == "image/png"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert "immutable" in answer["Cache-Control"]


@pytest.mark.spec("C-07", "ASVS 5.3.2")
def test_a_replaced_logo_and_that_of_a_deleted_application_are_gone(
    console: Browser, web: Application, client: Client
) -> None:
    upload(console, web, picture())
    first = Logo.objects.get().get_absolute_url()
    upload(console, web, picture("navy"))
    second = Logo.objects.get().get_absolute_url()
    assert client.get(first).status_code == 404
    assert client.get(second).status_code == 200
    delete_application(web, actor=Actor.command("tests"))
    assert client.get(second).status_code == 404
    assert client.get(reverse("logo", args=["0" * 64])).status_code == 404


def test_a_machine_application_has_no_logo(console: Browser, machine: Application) -> None:
    form = console.get(machine.get_absolute_url())
    assert 'name="logo"' not in form.content
    assert console.send(form, logo=SimpleUploadedFile("logo.png", picture())).status == 302
    assert not Logo.objects.exists()


def test_a_chosen_picture_outlives_a_mistake_elsewhere_and_a_new_row(
    console: Browser, web: Application
) -> None:
    form = console.get(web.get_absolute_url())
    page = console.send(form, logo=SimpleUploadedFile("logo.png", picture()), developer_email="half@")
    assert page.status == 422
    assert [image.get("src", "")[:22] for image in page.all("img")] == ["data:image/png;base64,"] * 2
    page = console.send(page, add="1")
    assert "Saved: Redirect URLs, Logo" not in page.content
    page = console.send(page, developer_email="dev@example.org")
    assert "Logo" in console.follow(page).messages
    assert Image.open(BytesIO(Logo.objects.get().png)).size == (256, 256)


def test_a_kept_picture_is_judged_like_an_upload_and_can_be_taken_away(
    console: Browser, web: Application
) -> None:
    page = console.send(console.get(web.get_absolute_url()), logo_kept="PHN2Zz4=")
    assert "SVG" in page.alerts()
    page = console.send(console.get(web.get_absolute_url()), logo_kept="%%%")
    assert "No changes to save" in console.follow(page).messages
    form = console.get(web.get_absolute_url())
    page = console.send(form, logo=SimpleUploadedFile("logo.png", picture()), name="")
    page = console.send(page, remove_logo="on", name="Field app")
    assert "No changes to save" in console.follow(page).messages
    assert not Logo.objects.exists()


def test_without_a_logo_the_initial_stands_in_its_place(console: Browser, web: Application) -> None:
    page = console.get(web.get_absolute_url())
    hidden = [image.get("hidden") for image in page.all("img")]
    assert hidden == ["", ""]
    initials = [text_of(element) for element in page.root.iter("bdi") if text_of(element) == "F"]
    assert len(initials) == 3
