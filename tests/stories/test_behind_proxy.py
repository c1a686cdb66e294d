"""What strangers write beside the X-Forwarded-For and -Proto of their proxy."""

from collections.abc import Iterator
from itertools import permutations
from urllib.parse import urlencode

import pytest

from tests.infrastructure.installation import ADMIN, Installation
from tests.infrastructure.wire import Wire
from tests.oauth_client import hidden_fields
from tests.stories.conftest import FORM, SIGN_IN

pytestmark = pytest.mark.story

HOST = "gatehouse.example"
REAL = "198.51.100.7"
ADDRESS, SCHEME = f"X-Forwarded-For: {REAL}", "X-Forwarded-Proto: https"


class Front(Wire):
    """A server whose proxy passes on whatever header lines a stranger sends."""

    def __init__(self, port: int) -> None:
        super().__init__(port)
        self.head = (f"Host: {HOST}",)


@pytest.fixture(scope="module")
def behind(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    environment = ADMIN | {"BASE_URL": f"https://{HOST}", "BEHIND_PROXY": "1", "CLIENT_SECONDS": "5"}
    with Installation(tmp_path_factory.mktemp("behind") / "gatehouse", environment) as running:
        yield running


@pytest.fixture
def front(behind: Installation) -> Front:
    return Front(behind.port)


def sign_in(front: Front, *lines: str) -> int:
    """Sign in as the administrator with these header lines, and return the status of the answer."""
    page = front.ask(f"GET {SIGN_IN}", ADDRESS, SCHEME).text
    pairs = [line.partition(":") for line in page.split("\r\n")]
    cookies = [value.split(";")[0] for name, _, value in pairs if name.lower() == "set-cookie"]
    form = hidden_fields(page) | {"login": ADMIN["ADMIN_USERNAME"], "password": ADMIN["ADMIN_PASSWORD"]}
    origin = [FORM, "Cookie:" + ";".join(cookies), f"Referer: https://{HOST}{SIGN_IN}"]
    return front.ask(f"POST {SIGN_IN}", *origin, *lines, body=urlencode(form).encode()).status


def last_address(behind: Installation) -> str:
    """The address at the last event of the log."""
    program = "from audit.models import Event; print(Event.objects.latest('pk').address)"
    done = behind.manage("shell", "--no-imports", "-c", program)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()[-1]


FORGERIES = ["X_Forwarded_For: {}", "X_Forwarded-For: {}", "X-Forwarded_For: {}", "x_forwarded_for: {}"]


@pytest.mark.spec("S-60", "RFC 9110 §5.1; CVE-2025-64459")
def test_no_spelling_of_a_header_names_another_address(behind: Installation, front: Front) -> None:
    forged = [line.format(f"203.0.113.{number}") for number, line in enumerate(FORGERIES, 1)]
    for lines in [[*forged, ADDRESS], [ADDRESS, *forged], [forged[0], ADDRESS, forged[1]]]:
        assert sign_in(front, SCHEME, *lines) == 302
        assert last_address(behind) == REAL


@pytest.mark.spec("S-60", "RFC 7239 §8.1")
@pytest.mark.parametrize("first", ["203.0.113.9", "unknown", "", "203.0.113.9, 203.0.113.8"])
def test_of_several_lines_the_proxys_own_counts(behind: Installation, front: Front, first: str) -> None:
    assert sign_in(front, SCHEME, f"X-Forwarded-For: {first}", ADDRESS) == 302
    assert last_address(behind) == REAL


@pytest.mark.spec("S-60", "RFC 7239 §8.1; RFC 9110 §5.5")
@pytest.mark.parametrize("junk", ["\xff", "\xe2\x82\xac"])
def test_what_is_not_ascii_does_not_hide_that_a_proxy_has_spoken(
    behind: Installation, front: Front, junk: str
) -> None:
    """A proxy may write its entry behind a stranger's; the proxy's address is not the sender's."""
    assert sign_in(front, SCHEME, f"X-Forwarded-For: {junk}, {REAL}") == 302
    assert last_address(behind) in {REAL, "None", "::"}
    assert sign_in(front, SCHEME, f"X-Forwarded-For: {junk}", ADDRESS) == 302
    assert last_address(behind) == REAL


@pytest.mark.spec("S-60", "RFC 7239 §5.4")
@pytest.mark.parametrize("said", [[], ["X-Forwarded-Proto: http"]])
@pytest.mark.parametrize(
    "forgery", ["X_Forwarded_Proto: https", "X_Forwarded-Proto: https", "X-Forwarded_Proto: https"]
)
def test_no_spelling_of_a_header_makes_plain_http_pass_as_https(
    front: Front, said: list[str], forgery: str
) -> None:
    for lines in permutations([forgery, ADDRESS, *said]):
        assert front.ask(f"GET {SIGN_IN}", *lines).status == 301
    assert front.ask(f"GET {SIGN_IN}", SCHEME, forgery.replace("https", "http")).status == 200
