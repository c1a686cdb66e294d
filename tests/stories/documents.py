"""Reading our own documentation: what it says to type, and what it says comes of it."""

import re
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from urllib.parse import quote

from tests.infrastructure.installation import ROOT

BASE_URL = "http://localhost:8000"
BLOCK = re.compile(
    r"^#+ (?P<heading>[^\n]+)$|^```(?P<language>\w*)\n(?P<text>.*?)\n```$", re.MULTILINE | re.DOTALL
)


@dataclass
class Example:
    """Something to type in a shell, and the answers below it."""

    heading: str
    command: str
    answers: list[str] = field(default_factory=list)


def examples(page: str) -> list[Example]:
    """The examples of a page, by its path."""
    found: list[Example] = []
    heading = ""
    for block in BLOCK.finditer(text_of(page)):
        heading = block["heading"] or heading
        if block["language"] == "sh":
            found.append(Example(heading, block["text"]))
        elif block["language"] in ("json", "") and found and found[-1].heading == heading:
            found[-1].answers.append(block["text"])
    return found


def text_of(page: str) -> str:
    """What a file of the project says, by its path."""
    return Path(ROOT / page).read_text(encoding="utf-8")


def looks_like(documented: str, base_url: str) -> re.Pattern[str]:
    """What an answer has to be: as documented, except for the URL, times, and values cut short by …"""
    for encoded in (str, partial(quote, safe="")):
        documented = documented.replace(encoded(BASE_URL), encoded(base_url))
    shortened = re.sub(r"(gt[a-z]+_)?[\w-]*…", r"\1…", documented)
    pattern = re.escape(shortened).replace("…", r"[\w-]+")
    pattern = re.sub(r"\d{4}\\-\d\d\\-\d\dT[\d:]{8}", r"[\\dT:-]{19}", pattern)
    return re.compile(re.sub(r"\b\d{10}\b", r"\\d{10}", pattern))
