"""Every request of the documents, sent as it stands there, gets the response that is printed below it."""

from collections.abc import Iterator, Mapping

import pytest
import requests

from server.guide.documents import DOCUMENTS
from tests.infrastructure.installation import ADMIN, Installation
from tests.infrastructure.leaving_out import require
from tests.stories.documents import BLOCK, Example, examples, text_of
from tests.stories.reader import Application, Reader, check

pytestmark = pytest.mark.story

ENDPOINTS = "docs/endpoints.md"
# The first block gives names to values and asks for nothing.
EXAMPLES = examples(ENDPOINTS)[1:]
AUTHORIZATION = next(example for example in EXAMPLES if example.heading == "Authorize")
# Its commands are for whoever operates the installation, and have values that nobody else knows.
WITHOUT_REQUESTS = {"docs/guide/moving.md", ENDPOINTS}
GUIDE = [
    (document.source, example)
    for document in DOCUMENTS
    if document.source not in WITHOUT_REQUESTS
    for example in examples(document.source)
]


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    require("curl", "openssl")
    folder = tmp_path_factory.mktemp("documented")
    with Installation(folder / "gatehouse", ADMIN) as installation:
        yield Reader(installation, folder)


def application_for(reader: Reader, command: str, page: str = "") -> Application:
    """Whose client sends a command."""
    if page.endswith("single-page.md"):
        return reader.script
    is_of_machine = page.endswith("machine-to-machine.md") or "$JWT" in command
    return reader.machine if is_of_machine or "client_credentials" in command else reader.web


def other_answers(reader: Reader, example: Example) -> Iterator[str]:
    """What else the page says may come of the same request, where something is different."""
    changed: dict[str, tuple[Application, Mapping[str, str]]] = {
        "Errors": (reader.compatible, {}),
        "Exchange a JWT": (reader.machine, {"JWT": reader.sign(iss="0" * 32)}),
        "Introspect": (reader.web, {"ACCESS_TOKEN": "unknown"}),
        "Who am I": (reader.web, {"ACCESS_TOKEN": "unknown"}),
    }
    for _ in example.answers[1:]:
        application, changes = changed[example.heading]
        yield reader.type(example.command, application, **changes)


@pytest.mark.parametrize("number", [n for n, example in enumerate(EXAMPLES) if example is not AUTHORIZATION])
def test_the_documented_request_gets_the_documented_answer(reader: Reader, number: int) -> None:
    example = EXAMPLES[number]
    own, *others = example.answers
    check(own, reader.type(example.command, application_for(reader, example.command)), reader.base)
    for documented, answer in zip(others, other_answers(reader, example), strict=True):
        check(documented, answer, reader.base)


def test_the_documented_authorization_request_comes_back_as_documented(reader: Reader) -> None:
    code, error = AUTHORIZATION.answers
    check(code, reader.answer(AUTHORIZATION.command, reader.web), reader.base)
    url = reader.type(AUTHORIZATION.command, reader.web).replace("response_type=code", "response_type=token")
    refused = requests.get(url, allow_redirects=False, timeout=30)
    told = f"HTTP/1.1 {refused.status_code} {refused.reason}\nlocation: {refused.headers['Location']}"
    check(error, told, reader.base)


@pytest.mark.spec("U-163", "the integration guide")
@pytest.mark.parametrize(("page", "example"), GUIDE, ids=lambda each: getattr(each, "heading", each))
def test_what_the_guide_says_to_type_does_what_it_says(reader: Reader, page: str, example: Example) -> None:
    printed = reader.answer(example.command, application_for(reader, example.command, page))
    for documented in example.answers[:1]:
        check(documented, printed, reader.base)


@pytest.mark.spec("U-163", "the integration guide")
def test_every_flow_of_the_guide_is_typed() -> None:
    typed = {page for page, example in GUIDE if example.answers}
    flows = {"web", "single-page", "machine-to-machine", "refresh", "apis", "errors"}
    assert {f"docs/guide/{name}.md" for name in flows} <= typed


def test_the_heart_of_the_configuration_for_nginx_is_that_of_the_file() -> None:
    file = [line.split() for line in text_of("deploy/nginx/verify.conf").splitlines()]
    blocks = BLOCK.finditer(text_of(ENDPOINTS))
    heart = next(block["text"] for block in blocks if block["language"] == "nginx")
    for line in heart.splitlines():
        words = line.split()
        assert any(words == one[: len(words)] for one in file), line
