"""What stories look up and set up in a running installation, past its pages: programs in one process."""

from typing import Any

from tests.infrastructure.conversations import Conversation
from tests.infrastructure.identity_providers import SECONDS
from tests.infrastructure.installation import Installation

# Runs each line as a program; what it leaves in `answer` is printed.
LOOP = """
import json, sys, traceback
for line in sys.stdin:
    names = json.loads(line)
    try:
        exec(names.pop("program"), names)
        said = {"answer": names.get("answer")}
    except Exception:
        said = {"failure": traceback.format_exc()}
    print(json.dumps(said, default=str), flush=True)
"""


class Inside(Conversation):
    """Programs with the installation's settings and database, during the `with` block."""

    def __init__(self, installation: Installation) -> None:
        python = str(installation.folder / ".venv" / "bin" / "python")
        command = [python, "manage.py", "shell", "--no-imports", "-c", LOOP]
        super().__init__(command, installation.folder, environment=installation.environment, seconds=SECONDS)

    def run(self, program: str, **values: Any) -> Any:
        """Run a program in which `values` are variables, and return what it calls `answer`."""
        said = self.ask({"program": program, **values})
        assert "failure" not in said, said["failure"]
        return said["answer"]
