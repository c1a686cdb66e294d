"""What has to stand in Containerfile, .dockerignore and compose.yaml; a story runs them."""

import re
from typing import Any

import pytest

from server.guide.documents import DOCUMENTS
from tests.infrastructure.compose import COMPOSE, read_compose
from tests.infrastructure.containerfile import CONTAINERFILE, Stage, context, given_files, stages_of
from tests.infrastructure.installation import ROOT

SERVED = {"accounts", "audit", "common", "config", "docs", "oauthapps", "server", "static", "templates"}
NAMED_VERSION = re.compile(r"[a-z]+:\d+(\.\d+)*-[a-z-]+(@sha256:[0-9a-f]{64})?")
VARIABLE = re.compile(r"^\| `([A-Z_]+)` \|", re.MULTILINE)
SERVICES = ["gatehouse", "database"]


@pytest.fixture
def stages() -> list[Stage]:
    return stages_of(CONTAINERFILE.read_text(encoding="utf-8"))


@pytest.fixture
def final(stages: list[Stage]) -> Stage:
    return stages[-1]


@pytest.mark.spec("O-87", "ASVS 15.2.4")
def test_base_images_have_a_version_and_packages_are_those_of_the_lock_file(stages: list[Stage]) -> None:
    assert all(NAMED_VERSION.fullmatch(stage.base) for stage in stages)
    installs = [step.text for stage in stages for step in stage.all_of("RUN") if "pip" in step.text]
    assert len(installs) == 1
    for option in ("--require-hashes", "--only-binary :all:", "--requirement requirements/base.txt"):
        assert option in installs[0]


@pytest.mark.spec("O-87", "ASVS 13.2.2, 15.2.3")
def test_the_final_stage_gets_what_was_built_and_no_tools(final: Stage) -> None:
    assert all(step.flags["from"] == "build" for step in final.all_of("COPY"))
    assert not final.all_of("ADD")
    assert [re.findall(r"apt-get install .*?([\w-]+) &&", step.text) for step in final.all_of("RUN")] == [
        ["postgresql-client"]
    ]


@pytest.mark.spec("O-87", "ASVS 13.2.2")
def test_it_runs_as_nobody_in_particular_and_hears_signals(final: Stage) -> None:
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", final.last("USER").text)
    names = [step.name for step in final.instructions]
    assert "RUN" not in names[names.index("USER") :]
    for name in ("ENTRYPOINT", "CMD"):  # by a shell, that would be PID 1
        assert final.last(name).is_exec_form
    assert final.last("HEALTHCHECK").text.startswith("CMD [")
    assert "/healthz" in final.last("HEALTHCHECK").text  # not /readyz: a restart brings no database back
    assert final.last("VOLUME").words == ["/opt/gatehouse/var"]


@pytest.mark.spec("O-88", "ASVS 13.3.1, 13.4.1")
def test_the_engine_is_given_what_is_served_and_nothing_else() -> None:
    given = given_files()
    assert {name.split("/")[0] for name in given} == SERVED | {"manage.py", "requirements"}
    assert "requirements/base.txt" in given
    assert "requirements/test.txt" not in given
    assert not context(
        [
            "var/secret_key",
            "var/gatehouse.sqlite3",
            ".git/config",
            ".env",
            ".venv/bin/python",
            "tests/conftest.py",
            "deploy/container/secrets/secret_key",
            "server/__pycache__/probes.cpython-311.pyc",
            "manage.pyc",
        ]
    )


@pytest.mark.spec("U-166", "the integration guide")
def test_of_the_documents_the_engine_is_given_those_of_the_guide() -> None:
    given = {name for name in given_files() if name.startswith("docs/")}
    assert given == {document.source for document in DOCUMENTS}


@pytest.mark.spec("O-90", "ASVS 13.2.2")
@pytest.mark.parametrize("name", SERVICES)
def test_no_service_can_do_more_than_its_work(name: str) -> None:
    service = read_compose()["services"][name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["pids_limit"] > 0
    assert service["mem_limit"]
    for unwanted in ("privileged", "cap_add", "network_mode", "pid", "devices"):
        assert unwanted not in service
    assert "/tmp" in service["tmpfs"]  # noqa: S108 - inside the container


@pytest.mark.spec("O-90", "ASVS 13.2.2")
def test_strangers_reach_neither_the_database_nor_gatehouse_without_the_proxy() -> None:
    read = read_compose()
    gatehouse, database = (read["services"][name] for name in SERVICES)
    assert all(port.startswith("127.0.0.1:") for port in gatehouse["ports"])
    assert "ports" not in database
    assert [read["networks"][name] for name in database["networks"]] == [{"internal": True}]
    assert gatehouse["environment"]["BEHIND_PROXY"] == "1"


@pytest.mark.spec("O-90", "ASVS 13.3.1")
def test_secrets_are_files_and_git_does_not_know_them() -> None:
    read = read_compose()
    for name in SERVICES:
        service = read["services"][name]
        files = {value for key, value in service["environment"].items() if key.endswith("_FILE")}
        assert files == {f"/run/secrets/{secret}" for secret in service["secrets"]}
        assert not {"SECRET_KEY", "DATABASE_URL", "POSTGRES_PASSWORD"} & set(service["environment"])
    for secret in read["secrets"].values():
        path = (COMPOSE.parent / secret["file"]).relative_to(ROOT)
        assert f"{path.parent}/" in (ROOT / ".gitignore").read_text().splitlines()


@pytest.mark.spec("O-90", "operation")
def test_every_name_leads_somewhere(final: Stage) -> None:
    read = read_compose()
    for name in SERVICES:
        service = read["services"][name]
        volumes = [volume.split(":") for volume in service["volumes"]]
        assert {volume for volume, _ in volumes} <= set(read["volumes"])
        assert set(service["networks"]) <= set(read["networks"])
        assert set(service["secrets"]) <= set(read["secrets"])
    gatehouse = read["services"]["gatehouse"]
    assert gatehouse["volumes"] == [f"var:{final.last('VOLUME').words[0]}"]
    documented = VARIABLE.findall((ROOT / "docs" / "operating.md").read_text(encoding="utf-8"))
    assert {name.removesuffix("_FILE") for name in gatehouse["environment"]} <= set(documented)
    assert (COMPOSE.parent / gatehouse["build"]["context"]).resolve() == ROOT
    assert (ROOT / gatehouse["build"]["dockerfile"]) == CONTAINERFILE


@pytest.mark.spec("O-90", "operation")
def test_gatehouse_waits_for_the_database_and_gets_time_to_end() -> None:
    services: dict[str, Any] = read_compose()["services"]
    assert services["gatehouse"]["depends_on"] == {"database": {"condition": "service_healthy"}}
    assert services["database"]["healthcheck"]["test"][:2] == ["CMD", "pg_isready"]
    assert int(services["gatehouse"]["stop_grace_period"].removesuffix("s")) > 10  # as long as a stop takes
