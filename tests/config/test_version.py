"""The version: one number, for operators and for people who are signed in."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.test import Client

from config.version import VERSION
from tests.console.pages import Browser, text_of

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    "arguments", [["version"], ["--version"], ["version", "--settings=config.settings.base"]]
)
def test_manage_py_prints_it_whatever_the_configuration(arguments: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env={**os.environ, "SECRET_KEY": "too short", "DJANGO_SETTINGS_MODULE": "config.settings.production"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{VERSION}\n", "")


@pytest.mark.parametrize("path", ["/console/applications/", "/people/", "/connected/", "/security/"])
def test_it_is_at_the_bottom_of_pages_of_people_who_are_signed_in(console: Browser, path: str) -> None:
    assert text_of(console.get(path).one("footer")) == f"Gatehouse {VERSION} Integration guide"


@pytest.mark.django_db
@pytest.mark.parametrize(
    "path", ["/accounts/login/", "/missing", "/api/v1/me", "/.well-known/oauth-authorization-server"]
)
def test_strangers_do_not_learn_it(path: str) -> None:
    answer = Client().get(path)
    assert VERSION not in answer.content.decode()
    assert VERSION not in str(answer.headers)


def test_the_change_log_begins_with_it() -> None:
    first = next(
        line
        for line in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8").splitlines()
        if line.startswith("## ")
    )
    assert first.split()[1] == VERSION
