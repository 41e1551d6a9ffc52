"""The installer scripts, run in a copy of the checkout with stand-ins for Python, pip and apt."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SCRIPTS = [ROOT / "installer" / name for name in ("run.sh", "test.sh", "setup.sh")] + [ROOT / ".ci" / "run"]
TOOLS = ["bash", "cat", "chmod", "cksum", "dirname", "env", "grep", "head", "id", "mkdir", "uname"]
SETTINGS = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM", "PYTHON")

pytestmark = pytest.mark.skipif(sys.platform == "win32" or not shutil.which("bash"), reason="needs bash")

PYTHON = """#!/bin/bash
printf 'python %s\\n' "$*" >>"$LOG"
case "$*" in
    *version_info\\[*) echo 3.12 ;;
    '-m venv --clear '*)
        mkdir -p "$4/bin"
        cat "$0" >"$4/bin/python"
        printf '#!%s/bin/python\\n' "$4" >"$4/bin/pip"
        printf '#!/bin/bash\\nprintf "[%%s]" "$@"\\n' >"$4/bin/audiosr-desktop"
        chmod +x "$4"/bin/*
        ;;
    *'pip install'*) exit "${PIP_FAILS:-0}" ;;
esac
"""


class Checkout:
    """A copy of the scripts in a folder with a space in its name, and the only programs they find."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "a check out"
        shutil.copytree(ROOT / "installer", self.root / "installer")
        (self.root / "pyproject.toml").write_text("[project]\n")
        self.log = folder / "log"
        self.log.touch()
        self.bin = folder / "bin"
        self.bin.mkdir()
        for tool in TOOLS:
            self.bin.joinpath(tool).symlink_to(shutil.which(tool) or tool)
        self.program("python3", PYTHON)
        # The real one answers for the packages it knows, and fails because of the name it does not
        self.program("dpkg-query", "#!/bin/bash\necho install ok installed\nexit 1\n")
        self.program("apt-get", '#!/bin/bash\nprintf "apt-get %s\\n" "$*" >>"$LOG"\n')
        self.program(
            "sudo", '#!/bin/bash\nprintf "sudo %s\\n" "$1" >>"$LOG"\n[[ "$1" == -n ]] && shift\n"$@"\n'
        )

    def program(self, name: str, text: str) -> None:
        path = self.bin / name
        path.write_text(text)
        path.chmod(0o755)

    def run(self, script: str, *args: str, **settings: str) -> subprocess.CompletedProcess[str]:
        environment = {key: value for key, value in os.environ.items() if key not in SETTINGS}
        environment |= {"PATH": str(self.bin), "LOG": str(self.log)} | settings
        return subprocess.run(
            ["bash", str(self.root / "installer" / script), *args],
            env=environment,
            cwd=self.root.parent,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def logged(self, word: str) -> list[str]:
        return [line for line in self.log.read_text().splitlines() if word in line]


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_script_is_valid_bash(script: Path) -> None:
    subprocess.run(["bash", "-n", str(script)], check=True)


@pytest.mark.parametrize("name", ["run.sh", "test.sh"])
def test_scripts_stop_at_the_first_error(name: str) -> None:
    assert "\nset -euo pipefail\n" in (ROOT / "installer" / name).read_text()


def test_ci_runs_the_test_script_and_nothing_else() -> None:
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    commands = [line for line in script.read_text().splitlines() if line and not line.startswith("#")]
    assert len(commands) == 1
    assert "installer/test.sh" in commands[0]


def test_arguments_reach_the_program_unchanged(checkout: Checkout) -> None:
    words = ["restore", "my song.wav", "", "-o", "*.wav", "$HOME", "a'b\"c"]
    result = checkout.run("run.sh", *words)
    assert result.returncode == 0, result.stderr
    assert result.stdout == "".join(f"[{word}]" for word in words)


def test_second_run_installs_nothing(checkout: Checkout) -> None:
    checkout.run("run.sh", "demo")
    assert len(checkout.logged("venv --clear")) == 1
    assert len(checkout.logged("pip install")) == 1
    second = checkout.run("run.sh", "demo")
    assert second.returncode == 0
    assert not checkout.logged("apt-get")
    assert second.stderr == ""
    assert len(checkout.logged("venv --clear")) == 1
    assert len(checkout.logged("pip install")) == 1


def test_changed_pyproject_is_installed_again(checkout: Checkout) -> None:
    checkout.run("run.sh", "demo")
    (checkout.root / "pyproject.toml").write_text("[project]\n# changed\n")
    checkout.run("run.sh", "demo")
    assert len(checkout.logged("venv --clear")) == 1
    assert len(checkout.logged("pip install")) == 2


def test_moved_checkout_gets_a_new_environment(checkout: Checkout) -> None:
    checkout.run("run.sh", "demo")
    checkout.root = checkout.root.rename(checkout.root.parent / "elsewhere")
    result = checkout.run("run.sh", "demo")
    assert result.stdout == "[demo]"
    assert len(checkout.logged("venv --clear")) == 2
    assert len(checkout.logged("pip install")) == 2


def test_base_install_asks_for_no_extra_and_the_tests_for_theirs(checkout: Checkout) -> None:
    checkout.run("run.sh", "demo")
    assert checkout.logged("pip install")[0].endswith("-e .")
    checkout.run("test.sh")
    assert checkout.logged("pip install")[1].endswith("-e .[dev,train]")


def test_failed_install_is_told_and_tried_again(checkout: Checkout) -> None:
    result = checkout.run("run.sh", "demo", PIP_FAILS="1")
    assert result.returncode == 1
    assert "could not be installed" in result.stderr
    assert result.stdout == ""
    assert checkout.run("run.sh", "demo").stdout == "[demo]"
    assert len(checkout.logged("pip install")) == 2


def test_without_arguments_the_editor_opens_or_the_demo_runs(checkout: Checkout) -> None:
    result = checkout.run("run.sh")
    if sys.platform == "linux":
        assert "no screen" in result.stderr
        assert result.stdout == "[demo]"
    with_screen = checkout.run("run.sh", DISPLAY=":0")
    assert "no screen" not in with_screen.stderr
    assert with_screen.stdout == "[]"


def test_too_old_python_is_one_sentence(checkout: Checkout) -> None:
    checkout.program("python3", "#!/bin/bash\nexit 1\n")
    result = checkout.run("run.sh", "demo")
    assert result.returncode == 1
    assert result.stderr.count("\n") == 1
    assert "Python 3.11 or newer" in result.stderr


def test_chosen_python_is_taken(checkout: Checkout) -> None:
    checkout.program("my-python", PYTHON)
    checkout.program("python3", "#!/bin/bash\nexit 1\n")
    assert checkout.run("run.sh", "demo", PYTHON="my-python").returncode == 0


def test_missing_packages_are_named_and_installed(checkout: Checkout) -> None:
    checkout.program("dpkg-query", '#!/bin/bash\n[[ "$*" == *libegl1* ]] || echo install ok installed\n')
    result = checkout.run("run.sh", "demo")
    assert result.returncode == 0
    assert "Installing system packages: libegl1\n" in result.stderr
    assert checkout.logged("apt-get install")[0].endswith("--no-install-recommends libegl1")
    assert bool(checkout.logged("sudo")) == (os.getuid() != 0)


def test_packages_that_cannot_be_installed_do_not_stop_the_command_line(checkout: Checkout) -> None:
    checkout.program("dpkg-query", "#!/bin/bash\nexit 1\n")
    checkout.program("apt-get", "#!/bin/bash\nexit 100\n")
    result = checkout.run("run.sh", "demo")
    assert result.returncode == 0
    assert "could not all be installed" in result.stderr
    assert result.stdout == "[demo]"


def test_test_script_fails_when_one_check_fails_and_still_runs_the_rest(checkout: Checkout) -> None:
    for tool in ("ruff", "lint-imports"):
        checkout.program(tool, f'#!/bin/bash\nprintf "{tool} %s\\n" "$*" >>"$LOG"\n')
    checkout.program("mypy", "#!/bin/bash\nexit 1\n")
    result = checkout.run("test.sh", "-k", "two words")
    assert result.returncode == 1
    assert "Failed: types (mypy);" in result.stderr
    assert checkout.logged("ruff format --check .")
    assert checkout.logged("pytest -k two words")
    checkout.program("mypy", "#!/bin/bash\n")
    passed = checkout.run("test.sh")
    assert passed.returncode == 0
    assert "All checks passed." in passed.stderr
