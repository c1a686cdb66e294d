"""Everything on the page "Use it", copied as it stands there and run: each gets a token."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.browser.steps import sign_in
from tests.console.pages import Document
from tests.infrastructure.installation import ADMIN, Installation
from tests.infrastructure.leaving_out import require
from tests.infrastructure.node import NODE
from tests.stories.conftest import Person, certificate, manage

pytestmark = pytest.mark.story

CALLBACK = "https://client.example/callback"
PROGRAMS = {"python": sys.executable, "node": NODE}


def snippets(installation: Installation, application: dict[str, Any], language: str = "") -> list[str]:
    """What the Copy buttons of the page copy."""
    page = use_it(installation, application, language)
    ids = [button.get("data-copy", "") for button in page.all("button") if button.get("data-copy")]
    return ["".join(page.by_id(each).itertext()) for each in ids if each.startswith("step-")]


def file_names(installation: Installation, application: dict[str, Any], language: str) -> list[str]:
    """What the page calls the files that programs are saved as."""
    return re.findall(r"Save it as (\S+) and run", use_it(installation, application, language).text)


def use_it(installation: Installation, application: dict[str, Any], language: str) -> Document:
    """The page, as an administrator reads it."""
    administrator = Person(installation.base_url)
    administrator.sign_in(ADMIN["ADMIN_USERNAME"], ADMIN["ADMIN_PASSWORD"])
    address = f"{installation.base_url}/console/applications/{application['client_id']}/use/"
    return Document(administrator.browser.get(address, params={"in": language}, timeout=30).text)


def environment(application: dict[str, Any], **values: str) -> dict[str, str]:
    secret = application.get("client_secret") or ""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return kept | {"CLIENT_SECRET": secret, "PYTHONUNBUFFERED": "1"} | values


def bash(script: str, folder: Path, application: dict[str, Any], **values: str) -> str:
    require("openssl", "curl")
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=folder,
        env=environment(application, **values),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("integration")


@pytest.fixture(scope="module")
def machine(installation: Installation, folder: Path) -> dict[str, Any]:
    private, public = certificate(folder)
    application = manage(
        installation,
        *("create_application", "--type", "machine_to_machine", "--name", "Nightly export"),
        *("--owner", ADMIN["ADMIN_USERNAME"], "--public-key", str(public)),
    )
    private.rename(folder / "nightly-export_private_key.pem")
    return application


@pytest.fixture(scope="module")
def web(installation: Installation) -> dict[str, Any]:
    return manage(
        installation,
        *("create_application", "--type", "web", "--name", "Field visits", "--redirect-url", CALLBACK),
    )


@pytest.mark.spec("U-147", "the console")
def test_the_commands_of_a_machine_run_as_pasted(
    installation: Installation, machine: dict[str, Any], folder: Path
) -> None:
    sign, exchange, own, call = snippets(installation, machine)
    tokens = json.loads(bash(f"{sign}\n{exchange}", folder, machine))
    me = json.loads(bash(call, folder, machine, ACCESS_TOKEN=tokens["access_token"]))
    assert me["username"] == ADMIN["ADMIN_USERNAME"]
    tokens = json.loads(bash(own, folder, machine))
    me = json.loads(bash(call, folder, machine, ACCESS_TOKEN=tokens["access_token"]))
    assert me["name"] == "Nightly export"


@pytest.mark.spec("U-147", "the console")
@pytest.mark.parametrize("app_type", ["web", "single_page"])
def test_the_commands_of_a_code_flow_run_as_pasted(
    installation: Installation, folder: Path, app_type: str
) -> None:
    application = manage(
        installation,
        *(
            "create_application",
            "--type",
            app_type,
            "--name",
            f"Shell {app_type}",
            "--redirect-url",
            CALLBACK,
        ),
    )
    *challenge, authorize, exchange, call, refresh = snippets(installation, application)
    values = {}
    if challenge:
        made = bash(f'{challenge[0]}\necho "$VERIFIER"', folder, application)
        pair, values["VERIFIER"] = made.splitlines()
        authorize = authorize.replace("=CHALLENGE", f"={pair}")
    location = Person(installation.base_url).allow(authorize.replace("=STATE", "=random"))
    values["CODE"] = parse_qs(urlsplit(location).query)["code"][0]
    tokens = json.loads(bash(exchange, folder, application, **values))
    me = json.loads(bash(call, folder, application, ACCESS_TOKEN=tokens["access_token"]))
    assert me["username"] == ADMIN["ADMIN_USERNAME"]
    renewed = json.loads(bash(refresh, folder, application, REFRESH_TOKEN=tokens["refresh_token"]))
    assert renewed["access_token"] != tokens["access_token"]


@pytest.mark.spec("U-147", "the console")
@pytest.mark.parametrize("language", PROGRAMS)
def test_the_programs_of_a_machine_run_as_pasted(
    installation: Installation, machine: dict[str, Any], folder: Path, language: str
) -> None:
    sources = snippets(installation, machine, language)
    names = file_names(installation, machine, language)
    actors = (ADMIN["ADMIN_USERNAME"], "Nightly export")
    for source, name, actor in zip(sources, names, actors, strict=True):
        (folder / name).write_text(source)
        done = subprocess.run(
            [PROGRAMS[language], name],
            cwd=folder,
            env=environment(machine),
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr
        assert actor in done.stdout


@pytest.mark.spec("U-147", "the console")
@pytest.mark.parametrize("language", PROGRAMS)
def test_the_program_of_a_code_flow_runs_as_pasted(
    installation: Installation, web: dict[str, Any], folder: Path, language: str
) -> None:
    (source,), (name,) = snippets(installation, web, language), file_names(installation, web, language)
    (folder / name).write_text(source)
    program = subprocess.Popen(
        [PROGRAMS[language], name],
        cwd=folder,
        env=environment(web),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert program.stdout
    assert program.stdout.readline() == "Open this URL in a browser:\n"
    location = Person(installation.base_url).allow(program.stdout.readline().strip())
    printed, complaints = program.communicate(f"{location}\n", timeout=60)
    assert program.returncode == 0, complaints
    assert ADMIN["ADMIN_USERNAME"] in printed
    assert "Refreshed." in printed


class ServedPage:
    """A web server of one page."""

    def __init__(self) -> None:
        served = self
        self.html = ""

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.end_headers()
                self.wfile.write(served.html.encode())

            def log_message(self, *arguments: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/app"
        Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def served() -> Iterator[ServedPage]:
    serving = ServedPage()
    yield serving
    serving.server.shutdown()
    serving.server.server_close()


@pytest.mark.browser
@pytest.mark.spec("U-147", "the console")
def test_the_page_of_a_single_page_application_runs_as_pasted(
    page: Page, installation: Installation, served: ServedPage
) -> None:
    application = manage(
        installation,
        *("create_application", "--type", "single_page", "--name", "Timesheets"),
        *("--redirect-url", served.url),
    )
    (served.html,) = snippets(installation, application, "browser")
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(served.url)
    page.get_by_role("button", name="Sign in").click()
    sign_in(page)
    page.get_by_role("button", name="Allow access").click()
    expect(page.locator("pre")).to_contain_text(ADMIN["ADMIN_USERNAME"])
    assert page.url == served.url
    assert complaints == []
