import fcntl
import os
import re
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

import dev
from devtools import audit, debian, venv
from devtools.terminal import Problem

REQUIREMENT = re.compile(r"^([a-z0-9][a-z0-9._-]*)==(\S+)", re.MULTILINE)
POPEN = subprocess.Popen

pytestmark = pytest.mark.usefixtures("nothing_is_run")


@pytest.fixture
def nothing_is_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test that forgets to replace a step must not install anything on the machine."""

    def refuse(*arguments: object, **_: object) -> None:
        pytest.fail(f"would have run {arguments[0]}")

    monkeypatch.setattr(subprocess, "run", refuse)
    monkeypatch.setattr(subprocess, "Popen", refuse)


BASE = {"django": "5.2"}
TEST = {"django": "5.2", "pytest": "9"}


class Project:
    """A folder for dev.py to work in, with a Python whose packages are files that hold their version."""

    def __init__(self, root: Path, patch: pytest.MonkeyPatch) -> None:
        self.root = root
        self.patch = patch
        self.pip_fails = False
        (root / "requirements").mkdir(parents=True)
        self.lock("base", BASE)
        self.lock("test", TEST)
        self.enter()

    def enter(self) -> None:
        self.patch.setattr(venv, "VENV", self.root / ".venv")
        self.patch.setattr(venv, "AUDIT_VENV", self.root / ".venv-audit")
        self.patch.setattr(venv, "REQUIREMENTS", self.root / "requirements")
        self.patch.setattr(subprocess, "run", self.run)

    def lock(self, name: str, packages: dict[str, str]) -> None:
        lines = [f"{package}=={version}\n" for package, version in packages.items()]
        (self.root / "requirements" / f"{name}.txt").write_text("".join(lines))

    def run(self, command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        """Do what Python's venv module and pip do."""
        if command[1:3] == ["-m", "venv"]:
            (Path(command[3]) / "bin").mkdir()
            (Path(command[3]) / "bin" / "python").touch()
            (Path(command[3]) / "lib").mkdir()
        elif command[1:3] == ["-m", "pip"]:
            return subprocess.CompletedProcess(command, self.pip_install(Path(command[0]), Path(command[-1])))
        else:
            pytest.fail(f"would have run {command}")
        return subprocess.CompletedProcess(command, 0, "", "")

    def pip_install(self, python: Path, lock_file: Path) -> int:
        for package, version in REQUIREMENT.findall(lock_file.read_text()):
            (python.parent.parent / "lib" / package).write_text(version)
            if self.pip_fails:
                return 1
        return 0

    def set_up(self, lock_name: str) -> None:
        """Let dev.py have this lock file installed."""
        assert venv.python_with(lock_name).exists()

    def packages(self) -> dict[str, str]:
        """What is installed, with the versions."""
        return {file.name: file.read_text() for file in (self.root / ".venv" / "lib").iterdir()}

    def leave_a_trace(self) -> None:
        (self.root / ".venv" / "trace").touch()

    def is_made_anew(self) -> bool:
        """Whether what was left in the environment has gone."""
        return not (self.root / ".venv" / "trace").exists()


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    return Project(tmp_path / "project", monkeypatch)


class TestVirtualEnvironment:
    def test_is_made_once_and_then_taken_as_it_is(self, project: Project) -> None:
        project.set_up("base")
        assert project.packages() == BASE
        project.leave_a_trace()
        project.set_up("base")
        assert not project.is_made_anew()

    def test_for_tests_builds_on_the_one_for_running_and_serves_it_too(self, project: Project) -> None:
        project.set_up("base")
        project.leave_a_trace()
        for name in ("test", "base", "test"):
            project.set_up(name)
            assert project.packages() == TEST
        assert not project.is_made_anew()

    @pytest.mark.parametrize("name", ["base", "test"])
    def test_with_a_changed_lock_file_is_made_anew_so_that_nothing_unlisted_stays(
        self, project: Project, name: str
    ) -> None:
        project.set_up(name)
        project.lock(name, {"asgiref": "3"})
        project.set_up(name)
        assert project.packages() == {"asgiref": "3"}

    def test_of_another_python_is_made_anew(self, project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
        project.set_up("base")
        project.leave_a_trace()
        monkeypatch.setattr(sys, "base_prefix", "/opt/another-python")
        project.set_up("base")
        assert project.is_made_anew()

    def test_that_was_moved_is_made_anew(self, project: Project) -> None:
        project.set_up("base")
        project.leave_a_trace()
        project.root = project.root.rename(project.root.with_name("moved"))
        project.enter()
        project.set_up("base")
        assert project.is_made_anew()

    def test_whose_python_is_gone_is_made_anew(self, project: Project) -> None:
        project.set_up("base")
        project.leave_a_trace()
        (project.root / ".venv" / "bin" / "python").unlink()
        project.set_up("base")
        assert project.is_made_anew()

    def test_of_an_interrupted_install_is_not_trusted(self, project: Project) -> None:
        project.pip_fails = True
        with pytest.raises(Problem):
            project.set_up("test")
        project.leave_a_trace()
        project.pip_fails = False
        project.set_up("test")
        assert project.is_made_anew()
        assert project.packages() == TEST

    def test_with_an_unreadable_stamp_is_made_anew(self, project: Project) -> None:
        project.set_up("base")
        project.leave_a_trace()
        venv.stamp_file(venv.VENV).write_text('{"maker": "cpy')
        project.set_up("base")
        assert project.is_made_anew()

    def test_may_be_a_link_to_one_that_fits(self, project: Project, tmp_path: Path) -> None:
        project.set_up("test")
        project.leave_a_trace()
        copy = linked_copy(project, tmp_path)
        copy.set_up("base")
        assert (copy.root / ".venv").is_symlink()
        assert not project.is_made_anew()

    def test_that_is_a_link_is_never_changed_through_it(self, project: Project, tmp_path: Path) -> None:
        project.set_up("base")
        before = venv.stamp_file(venv.VENV).read_text()
        copy = linked_copy(project, tmp_path)
        copy.lock("base", {"django": "6.0"})
        copy.set_up("base")
        assert copy.packages() == {"django": "6.0"}
        assert not (copy.root / ".venv").is_symlink()
        assert (project.root / ".venv" / "gatehouse.json").read_text() == before
        assert project.packages() == BASE

    def test_for_the_audit_is_one_of_its_own(self, project: Project) -> None:
        project.set_up("base")
        project.leave_a_trace()
        project.lock("audit", {"pip-audit": "2"})
        project.set_up("audit")
        project.set_up("base")
        assert not project.is_made_anew()
        assert project.packages() == BASE
        assert {file.name for file in (project.root / ".venv-audit" / "lib").iterdir()} == {"pip-audit"}

    def test_is_held_by_one_process_at_a_time(self, project: Project) -> None:
        project.set_up("base")
        with venv.held(venv.VENV):
            another = os.open(venv.VENV, os.O_RDONLY)
            with pytest.raises(BlockingIOError):
                fcntl.flock(another, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.close(another)

    def test_made_by_another_dev_py_in_the_meantime_is_not_made_twice(
        self, project: Project, capsys: pytest.CaptureFixture[str]
    ) -> None:
        venv.own_folder(venv.VENV)
        second = threading.Thread(target=project.set_up, args=["base"])
        with venv.held(venv.VENV):
            second.start()
            deadline = time.monotonic() + 5
            while "Waiting for another dev.py" not in capsys.readouterr().out:
                assert time.monotonic() < deadline
                time.sleep(0.01)
            venv.install("base")
            project.leave_a_trace()
        second.join(5)
        assert not second.is_alive()
        assert not project.is_made_anew()


def linked_copy(project: Project, tmp_path: Path) -> Project:
    copy = Project(tmp_path / "copy", project.patch)
    (copy.root / ".venv").symlink_to(project.root / ".venv")
    return copy


class Machine:
    """A machine whose system files lie in a folder, and whose apt-get is this object."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self.policy = folder / "policy-rc.d"
        self.create_cluster = folder / "createcluster.conf"
        self.is_broken = self.lists_are_old = False
        self.packages: list[str] = []
        self.policy_while_installing = ""
        patch.setattr(debian, "POLICY", self.policy)
        patch.setattr(debian, "CREATE_CLUSTER", self.create_cluster)
        patch.setattr(debian, "as_root", self.as_root)
        patch.setattr(debian, "root_prefix", list)

    def as_root(self, *command: str, text: str = "") -> subprocess.CompletedProcess[str]:
        if command[0] == "sh":
            Path(command[4]).write_text(text)
        elif command[0] == "rm":
            Path(command[2]).unlink(missing_ok=True)
        elif command[-1] == "update":
            self.lists_are_old = False
        else:
            self.policy_while_installing = debian.read_text(self.policy)
            if self.is_broken or self.lists_are_old:
                return subprocess.CompletedProcess(command, 100, stdout="E: broken")
            self.packages += command[command.index("--no-install-recommends") + 1 :]
        return subprocess.CompletedProcess(command, 0, stdout="")


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    return Machine(tmp_path, monkeypatch)


class TestWithoutVenvModule:
    @pytest.fixture(autouse=True)
    def no_venv_module(self, monkeypatch: pytest.MonkeyPatch, machine: Machine) -> None:
        monkeypatch.setattr(debian, "has_venv_module", lambda: "python3-venv" in machine.packages)

    @pytest.mark.usefixtures("project")
    def test_names_the_command_and_installs_nothing(
        self, machine: Machine, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setattr(os, "geteuid", lambda: 1000)
        assert dev.main(["check"]) == 1
        said = capsys.readouterr().err
        assert "--install" in said
        assert "sudo apt-get install --no-install-recommends python3-venv" in said
        assert machine.packages == []

    def test_installs_it_first_where_that_was_asked_for(
        self, project: Project, machine: Machine, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(dev, "static_checks", list)
        assert dev.main(["check", "--install"]) == 0
        assert machine.packages == ["python3-venv"]
        assert project.packages() == TEST


class TestDebianPackages:
    def test_start_no_service_while_they_are_installed(self, machine: Machine) -> None:
        debian.install(["nginx"])
        assert "exit 101" in machine.policy_while_installing
        assert not machine.policy.exists()

    def test_leave_no_policy_behind_when_installing_fails(self, machine: Machine) -> None:
        machine.is_broken = True
        with pytest.raises(Problem, match="broken"):
            debian.install(["nginx"])
        assert not machine.policy.exists()

    def test_leave_the_policy_of_somebody_else_alone(self, machine: Machine) -> None:
        machine.policy.write_text("#!/bin/sh\nexit 101\n")
        debian.install(["nginx"])
        assert machine.policy.read_text() == "#!/bin/sh\nexit 101\n"

    def test_take_away_the_policy_that_a_killed_run_left(self, machine: Machine) -> None:
        machine.policy.write_text(debian.POLICY_TEXT)
        debian.install(["nginx"])
        assert not machine.policy.exists()

    def test_are_looked_up_again_when_the_lists_are_old(self, machine: Machine) -> None:
        machine.lists_are_old = True
        debian.install(["nginx"])
        assert machine.packages == ["nginx"]

    def test_make_no_database_cluster(self, machine: Machine) -> None:
        machine.create_cluster.write_text("ssl = on\n#create_main_cluster = true\n")
        debian.install(["postgresql"])
        assert machine.create_cluster.read_text() == "ssl = on\ncreate_main_cluster = false\n"

    def test_change_postgresqls_configuration_only_with_postgresql(self, machine: Machine) -> None:
        debian.install(["nginx"])
        assert not machine.create_cluster.exists()

    def test_are_not_installed_where_that_takes_a_password(
        self, machine: Machine, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(debian, "root_prefix", lambda: None)
        with pytest.raises(Problem, match="apt-get install --no-install-recommends nginx"):
            debian.install(["nginx"])
        assert machine.packages == []


class TestLeftOutTests:
    @pytest.fixture(autouse=True)
    def nginx_is_missing(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(debian, "missing_packages", lambda: ["nginx"])
        monkeypatch.delenv("REQUIRE_ALL", raising=False)

    def test_are_named_with_the_command_that_brings_them(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert debian.left_out_packages() == ["nginx"]
        said = capsys.readouterr().out
        assert "Skipped: tests behind nginx." in said
        assert "apt-get install --no-install-recommends nginx" in said
        assert "--install" in said

    def test_are_a_failure_where_all_are_required(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("REQUIRE_ALL", "1")
        with pytest.raises(Problem, match="apt-get install"):
            debian.left_out_packages()


class TestVerdict:
    def test_is_a_failure_when_either_database_fails(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert dev.verdict({"SQLite": 0, "PostgreSQL": 1}, picked=False) == 1
        assert "PostgreSQL: FAILED" in capsys.readouterr().out

    def test_is_a_failure_when_a_signal_ended_pytest(self) -> None:
        assert dev.verdict({"SQLite": 0, "PostgreSQL": -9}, picked=False) == 1

    def test_lets_picked_tests_be_absent_on_one_database_only(self) -> None:
        nothing = dev.PYTEST_NOTHING_SELECTED
        assert dev.verdict({"SQLite": 0, "PostgreSQL": nothing}, picked=True) == 0
        assert dev.verdict({"SQLite": nothing, "PostgreSQL": nothing}, picked=True) != 0
        assert dev.verdict({"SQLite": 0, "PostgreSQL": nothing}, picked=False) != 0


class TestLockFiles:
    @pytest.fixture(params=["audit", "base", "test"])
    def lock_text(self, request: pytest.FixtureRequest) -> str:
        return (venv.REQUIREMENTS / f"{request.param}.txt").read_text()

    def test_name_no_address(self, lock_text: str) -> None:
        assert "://" not in lock_text
        assert "--index" not in lock_text

    def test_pin_every_requirement_by_hash(self, lock_text: str) -> None:
        requirements = re.split(r"\n(?=\S)", lock_text.strip())
        assert requirements
        assert [
            text for text in requirements if not REQUIREMENT.match(text) or "--hash=sha256:" not in text
        ] == []

    def test_were_made_from_the_requirements_that_stand_beside_them(self) -> None:
        for name in ("audit", "base", "test"):
            wanted = (venv.REQUIREMENTS / f"{name}.in").read_text()
            names = re.findall(r"^[a-z][a-z0-9-]*", wanted, re.MULTILINE)
            locked = re.split(r"\n(?=\S)", (venv.REQUIREMENTS / f"{name}.txt").read_text())
            asked_for = [text for text in locked if f"-r requirements/{name}.in\n" in f"{text}\n"]
            assert [text.partition("==")[0] for text in asked_for] == sorted(names)

    def test_for_tests_holds_the_same_versions_as_the_one_for_running(self) -> None:
        base, test = (
            dict(REQUIREMENT.findall((venv.REQUIREMENTS / f"{name}.txt").read_text()))
            for name in ("base", "test")
        )
        assert base.items() <= test.items()


class TestAudit:
    """What it reads of the programs' answers; tests/stories/test_audit.py runs them."""

    def test_takes_a_package_that_was_left_out_for_not_audited(self) -> None:
        printed = '{"dependencies": [{"name": "django", "skip_reason": "not found"}], "fixes": []}'
        report = audit.python_report(printed, "No known vulnerabilities found")
        assert report.not_audited == ["django: not found"]
        assert report.summary == "NOT AUDITED"

    @pytest.mark.parametrize("printed", ["", "[]", "{}", '{"dependencies": []}', "Traceback"])
    def test_takes_an_answer_without_packages_for_none(self, printed: str) -> None:
        assert audit.python_report(printed, "").summary == "NOT AUDITED"
        assert audit.node_report(printed, "").summary == "NOT AUDITED"

    def test_that_cannot_be_installed_is_no_finding(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        def fail(_: str) -> Path:
            raise Problem("Installing Python packages failed.")

        monkeypatch.setattr(audit, "python_with", fail)
        assert dev.main(["audit"]) == audit.NOT_AUDITED
        assert "Installing Python packages failed." in capsys.readouterr().err


@pytest.mark.parametrize("command", ["test", "browse"])
def test_arguments_of_what_runs_tests_go_to_pytest_in_their_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], command: str
) -> None:
    python = tmp_path / "python"
    python.write_text('#!/bin/sh\necho "$@"\n')
    python.chmod(0o755)
    monkeypatch.setattr(dev, "python_with", lambda _: python)
    monkeypatch.setattr(debian, "left_out_packages", list)
    monkeypatch.setattr(subprocess, "Popen", POPEN)
    assert dev.main([command, "-k", "consent", "tests/console", "-x"]) == 0
    printed = [line for line in capfd.readouterr().out.splitlines() if line.startswith("-m pytest")]
    assert len(printed) == {"test": 2, "browse": 1}[command]
    assert all(line.endswith(" -k consent tests/console -x") for line in printed)


def test_other_commands_take_no_unknown_arguments() -> None:
    with pytest.raises(SystemExit):
        dev.main(["check", "--everything"])
