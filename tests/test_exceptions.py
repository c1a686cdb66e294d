"""Where a check of security is switched off, the reason stands beside it."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = ("accounts", "audit", "benchmarks", "common", "config", "devtools", "oauthapps", "server", "tests")
SOURCES = [
    ROOT / "dev.py",
    ROOT / "manage.py",
    *(
        path
        for folder in FOLDERS
        for path in sorted((ROOT / folder).rglob("*.py"))
        if "node_modules" not in path.parts
    ),
]
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))

NOQA = re.compile(r"# noqa(?P<codes>: *[A-Z]+[0-9]+(?:, *[A-Z]+[0-9]+)*)?(?P<reason>.*)")
OF_BANDIT = re.compile(r"\bS[0-9]{3}\b")
# Text as HTML, without escaping it.
UNESCAPED = re.compile(r"\|\s*safe(?:seq)?\b|autoescape\s+off")
RULES_IN_A_LINE = re.compile(r'"S[0-9]{3}"')


def exceptions_in(source: str) -> Iterator[tuple[str, str]]:
    """The rules of bandit that each line switches off, with the reason."""
    for found in NOQA.finditer(source):
        codes = found["codes"] or "S000"  # without codes it switches all off
        if OF_BANDIT.search(codes):
            yield codes.strip(": "), found["reason"].strip(" #-")


def test_bandits_rules_are_on() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["ruff"]
    assert "S" in settings["lint"]["select"]
    assert not [code for code in settings["lint"]["ignore"] if code.startswith("S")]
    assert settings["extend-exclude"] == ["migrations"]  # dev.py check asks for them


def test_every_exception_has_its_reason_beside_it() -> None:
    found = [
        (str(path.relative_to(ROOT)), codes, reason)
        for path in SOURCES
        if path != Path(__file__)
        for codes, reason in exceptions_in(path.read_text(encoding="utf-8"))
    ]
    assert found
    assert [exception for exception in found if not exception[2]] == []


def test_every_exception_for_a_folder_has_its_reason_beside_it() -> None:
    lines = (ROOT / "pyproject.toml").read_text(encoding="utf-8").splitlines()
    exceptions = [line for line in lines if RULES_IN_A_LINE.search(line)]
    assert exceptions
    assert [line for line in exceptions if not re.search(r"#\s*\w", line)] == []


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("x = 1  # noqa: S105", [("S105", "")]),
        ("x = 1  # noqa: S105 - no password", [("S105", "no password")]),
        ("x = 1  # noqa: S101, PT018  # seen to", [("S101, PT018", "seen to")]),
        ("x = 1  # noqa", [("S000", "")]),
        ("x = 1  # noqa: PLR2004", []),
        ("x = 1  # noqa: SIM102", []),
    ],
)
def test_exceptions_are_found(line: str, found: list[tuple[str, str]]) -> None:
    assert list(exceptions_in(line)) == found


@pytest.mark.spec("A-42", "ASVS 1.2.1")
def test_no_template_switches_escaping_off() -> None:
    assert TEMPLATES
    assert [path for path in TEMPLATES if UNESCAPED.search(path.read_text(encoding="utf-8"))] == []
