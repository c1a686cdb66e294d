"""What stands in Containerfile and .dockerignore, read as container engines read them."""

import json
import re
import shlex
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from tests.infrastructure.installation import ROOT, files_git_knows

CONTAINERFILE = ROOT / "Containerfile"
IGNORED = ROOT / ".dockerignore"


@dataclass(frozen=True)
class Instruction:
    """One instruction: `flags` are those that engines know, `--from=build` among them; `text` is the rest."""

    name: str
    flags: dict[str, str]
    text: str

    @property
    def is_exec_form(self) -> bool:
        return self.text.startswith("[")

    @property
    def words(self) -> list[str]:
        return list(json.loads(self.text)) if self.is_exec_form else shlex.split(self.text)


@dataclass
class Stage:
    """A stage: the image it begins with, its name, if it has one, and its instructions in order."""

    base: str
    name: str
    instructions: list[Instruction] = field(default_factory=list)

    def all_of(self, name: str) -> list[Instruction]:
        return [each for each in self.instructions if each.name == name]

    def last(self, name: str) -> Instruction:
        """Of instructions that replace each other the one that counts."""
        return self.all_of(name)[-1]


def stages_of(text: str) -> list[Stage]:
    """The stages of a Containerfile."""
    arguments: dict[str, str] = {}
    stages: list[Stage] = []
    for each in instructions_of(text):
        if each.name == "FROM":
            base, _, name = each.text.partition(" AS ")
            stages.append(Stage(re.sub(r"\$\{(\w+)\}", lambda found: arguments[found[1]], base), name))
        elif stages:
            stages[-1].instructions.append(each)
        else:
            assert each.name == "ARG", each
            name, _, value = each.text.partition("=")
            arguments[name] = value
    return stages


def instructions_of(text: str) -> list[Instruction]:
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    joined = re.sub(r"\\\n\s*", "", "\n".join(lines))
    return [instruction(line) for line in joined.splitlines()]


def instruction(line: str) -> Instruction:
    name, _, rest = line.partition(" ")
    flags = {}
    while found := re.match(r"--([\w-]+)=(\S+)\s+", rest):
        flags[found[1]] = found[2]
        rest = rest[found.end() :]
    return Instruction(name, flags, rest.strip())


def given_files() -> list[str]:
    """The files of the project that an engine is given."""
    names = files_git_knows()
    if names is None:  # no git, or no clone
        names = [str(path.relative_to(ROOT)) for path in ROOT.rglob("*") if path.is_file()]
    return context(names)


def context(names: Iterable[str]) -> list[str]:
    """Of these paths, those that .dockerignore doesn't leave out."""
    patterns = [line for line in IGNORED.read_text().splitlines() if line and not line.startswith("#")]
    return [name for name in names if not is_ignored(name, patterns)]


def is_ignored(name: str, patterns: Sequence[str]) -> bool:
    """Whether the last pattern that matches a file, or a folder that it is in, leaves it out."""
    parts = name.split("/")
    paths = ["/".join(parts[:length]) for length in range(1, len(parts) + 1)]
    ignored = False
    for pattern in patterns:
        if any(expression(pattern.removeprefix("!")).fullmatch(path) for path in paths):
            ignored = not pattern.startswith("!")
    return ignored


def expression(pattern: str) -> re.Pattern[str]:
    literal = re.escape(pattern).replace(r"\*\*/", "(?:.*/)?").replace(r"\*", "[^/]*")
    return re.compile(literal)
