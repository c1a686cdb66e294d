"""The image of Containerfile, built and run as compose.yaml says, on a machine without a container engine."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.infrastructure.compose import environment_of, read_compose
from tests.infrastructure.containerfile import CONTAINERFILE, stages_of
from tests.infrastructure.containers import Container
from tests.infrastructure.front import BASE_URL
from tests.infrastructure.images import Image, build
from tests.infrastructure.installation import ADMIN
from tests.infrastructure.layers import Layers
from tests.infrastructure.postgres import PostgresServer
from tests.infrastructure.processes import free_port
from tests.oauth_client import ME
from tests.stories.conftest import certificate
from tests.stories.protected import as_proxy, bearer, make_machine

pytestmark = pytest.mark.story

PORT = "8000"  # inside the image
TEMPORARY = "/tmp"  # noqa: S108 - inside the container


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Image]:
    with Layers(tmp_path_factory.mktemp("container") / "layers") as layers:
        yield build(layers, stages_of(CONTAINERFILE.read_text()))


@pytest.fixture(scope="module")
def container(image: Image, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Container]:
    """A server of the service in compose.yaml, on a port that is free here."""
    service = read_compose()["services"]["gatehouse"]
    port = free_port()
    with PostgresServer() as server:
        values = {"database_url": server.url, "secret_key": "a-key-of-the-container-0123456789abcdef"}
        with Container(
            image,
            at_port(image.said["CMD"].words, port),
            port=port,
            environment=ADMIN | environment_of(service, {"BASE_URL": BASE_URL}),
            secrets={name: values[name] for name in service["secrets"]},
            log=tmp_path_factory.mktemp("log") / "log",
        ) as running:
            yield running
            # PID 1 hears of signals only what it listens for.
            assert running.stop() == 0, running.log.read_text()


def at_port(words: list[str], port: int) -> list[str]:
    assert PORT in " ".join(words)
    return [word.replace(PORT, str(port)) for word in words]


@pytest.mark.spec("O-89", "operation")
def test_it_serves_and_issues_tokens(container: Container, tmp_path: Path) -> None:
    assert requests.get(f"{container.base_url}/readyz", timeout=30).status_code == 200
    client = as_proxy()
    private, public = certificate(tmp_path)
    container.execute("sh", "-c", "cat > var/nightly.crt", input=public.read_text())
    machine = make_machine(container, private, Path("var/nightly.crt"), container.base_url, client)
    me = client.get(container.base_url + ME, headers=bearer(machine.token()), timeout=30)
    assert me.json()["username"] == ADMIN["ADMIN_USERNAME"]


@pytest.mark.spec("O-89", "operation")
def test_its_health_check_tells_whether_it_serves(container: Container) -> None:
    command = container.image.said["HEALTHCHECK"].text.removeprefix("CMD ")
    check = stages_of(f"FROM none\nCMD {command}")[0].last("CMD").words
    assert container.execute(*at_port(check, container.port)).returncode == 0
    assert container.execute(*at_port(check, free_port())).returncode == 1


@pytest.mark.spec("O-89", "ASVS 13.2.2")
def test_whoever_serves_can_write_only_to_the_volume(container: Container) -> None:
    script = 'id -u; for place; do touch "$place/new" 2>/dev/null && echo "$place"; done'
    places = ["/", ".", ".venv", "templates", "var", TEMPORARY]
    done = container.execute("sh", "-c", script, "sh", *places)
    assert done.stdout.split() == ["10001", "var", TEMPORARY]
    status = container.execute("cat", "/proc/1/status").stdout
    assert "CapBnd:\t0000000000000000" in status
    assert "NoNewPrivs:\t1" in status


@pytest.mark.spec("O-89", "operation")
def test_doctor_sees_the_server(container: Container) -> None:
    done = container.manage("doctor", "--json")
    levels = {each["check"]: each["level"] for each in json.loads(done.stdout)["checks"]}
    assert (levels["secret_key"], levels["files"], levels["listening"]) == ("ok", "ok", "warning")


@pytest.mark.spec("O-89", "operation")
def test_a_backup_can_be_made_in_it(container: Container) -> None:
    done = container.manage("backup", f"{TEMPORARY}/backup")
    assert done.returncode == 0, done.stderr


@pytest.mark.spec("O-89", "ASVS 13.3.1")
def test_the_image_has_static_files_and_no_secret(image: Image) -> None:
    assert [path.name for path in image.path("var").iterdir()] == ["static"]
    assert (image.path("var") / "static" / "staticfiles.json").is_file()


@pytest.mark.spec("O-89", "operation")
def test_nothing_has_to_be_compiled_or_collected_when_it_starts(image: Image, container: Container) -> None:
    def stamps(folder: Path) -> dict[str, int]:
        return {path.name: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}

    assert list(image.path("server").rglob("*.pyc"))
    assert list(image.path(".venv").rglob("django/**/*.pyc"))
    volume = image.layers.path(f"volumes/{container.port}/opt/gatehouse/var")
    assert stamps(volume / "static") == stamps(image.path("var/static"))
