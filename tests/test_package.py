"""What the packages are made of, and the scripts that put them together."""

import configparser
import importlib.util
import os
import plistlib
import re
import shutil
import struct
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from audiosr_desktop import cli_options

ROOT = Path(__file__).resolve().parent.parent
INSTALLER = ROOT / "installer"
LINUX = INSTALLER / "linux"
needs_bash = pytest.mark.skipif(sys.platform == "win32" or not shutil.which("bash"), reason="needs bash")


def tool(name: str) -> ModuleType:
    """Load one of the scripts that make parts of a package."""
    spec = importlib.util.spec_from_file_location(name, INSTALLER / "package" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@needs_bash
@pytest.mark.parametrize("script", sorted(INSTALLER.rglob("*.sh")), ids=lambda path: path.name)
def test_script_is_valid_and_stops_at_the_first_error(script: Path) -> None:
    subprocess.run(["bash", "-n", str(script)], check=True)
    if script.name not in ("bare.sh", "setup.sh"):  # which others source
        assert "\nset -euo pipefail\n" in script.read_text()


def test_recipe_leaves_torch_out_and_takes_both_programs() -> None:
    recipe = (INSTALLER / "package" / "audiosr-desktop.spec").read_text()
    compile(recipe, "audiosr-desktop.spec", "exec")
    left_out = recipe[recipe.index("LEFT_OUT") : recipe.index("]", recipe.index("LEFT_OUT"))]
    assert {"torch", "onnx", "audiosr_desktop.training"} <= set(re.findall(r'"([\w.]+)"', left_out))
    assert re.findall(r'program\("([\w-]+)", (True|False)\)', recipe) == [
        ("audiosr-desktop", "True"),
        ("audiosr-desktop-window", "False"),
    ]
    entry = (INSTALLER / "package" / "entry.py").read_text()
    assert entry.index("freeze_support()") < entry.index("    run()")


def test_what_is_imported_by_name_is_in_the_recipe() -> None:
    """PyInstaller follows import statements only."""
    recipe = (INSTALLER / "package" / "audiosr-desktop.spec").read_text()
    package = ROOT / "audiosr_desktop"
    for path in set(package.rglob("*.py")) - set((package / "training").rglob("*.py")):
        for name in re.findall(r'import_module\("([\w.]+)"\)', path.read_text()):
            assert name.startswith("audiosr_desktop") or f'"{name}"' in recipe, (
                f"{path} imports {name} by name"
            )
        for part in re.findall(r"\bscipy\.([a-z]+)\.", path.read_text()):
            assert f'"scipy.{part}"' in recipe, f"{path} uses scipy.{part}"


def test_manual_page_tells_every_command_and_option() -> None:
    page = "\n".join(tool("man").page())
    plain = page.replace("\\-", "-")
    parser, names = cli_options.build_parser()
    for name in names:
        assert f"\n.SS {name}\n" in plain
    for option in re.findall(r"--[a-z][a-z-]+", parser.format_help()):
        assert f"\\fB{option}\\fR" in plain
    assert "\\fB--cutoff-hz\\fR \\fIF\\fR" in plain
    assert "%(default)s" not in plain
    # a line that begins with a full stop or an apostrophe must be one of the format's own
    assert {line.split()[0] for line in page.splitlines() if line and line[0] in ".'"} <= {
        ".TH", ".SH", ".SS", ".TP", ".PP", ".B", ".I", ".RI", ".br",
    }  # fmt: skip


def test_icons_are_those_that_the_program_draws(qapp: object, tmp_path: Path) -> None:
    icons = tool("icons")
    kept = ROOT / "resources" / "icons"
    assert (kept / "audiosr-desktop.svg").read_text().strip() == icons.app_drawing()
    pictures = {size: (kept / f"{size}.png").read_bytes() for size in icons.SIZES}
    for size, picture in pictures.items():
        assert struct.unpack(">II", picture[16:24]) == (size, size)
    assert (kept / "audiosr-desktop.ico").read_bytes() == icons.ico(pictures)
    assert (kept / "audiosr-desktop.icns").read_bytes() == icons.icns(pictures)
    length, place = struct.unpack("<II", icons.ico(pictures)[14:22])
    assert icons.ico(pictures)[place : place + length] == pictures[16]


def test_desktop_entry_opens_the_types_it_names() -> None:
    entry = configparser.ConfigParser(interpolation=None)
    entry.optionxform = str  # type: ignore[assignment,method-assign]
    entry.read(LINUX / "audiosr-desktop.desktop")
    section = entry["Desktop Entry"]
    assert section["Exec"] == "audiosr-desktop-window %F"
    assert section["Icon"] == "audiosr-desktop"
    own = ET.parse(LINUX / "audiosr-desktop.mime.xml").getroot()
    types = {str(kind.get("type")) for kind in own if isinstance(kind.tag, str)}
    assert types <= set(section["MimeType"].split(";"))


def test_appstream_data_belongs_to_the_desktop_entry() -> None:
    (file,) = LINUX.glob("*.metainfo.xml")
    component = ET.parse(file).getroot()
    assert component.findtext("id") == file.name.removesuffix(".metainfo.xml")
    assert component.findtext("launchable") == "audiosr-desktop.desktop"
    assert component.findtext("project_license") == "GPL-3.0-or-later"


@needs_bash
@pytest.mark.skipif(not shutil.which("sha256sum"), reason="needs sha256sum")
def test_sums_are_those_of_the_files(tmp_path: Path) -> None:
    for name in ("a.deb", "b c.deb"):
        (tmp_path / name).write_text(name)
    (tmp_path / "SHA256SUMS.asc").write_text("of another list")
    files = [str(tmp_path / "a.deb"), str(tmp_path / "b c.deb")]
    subprocess.run(["bash", str(INSTALLER / "package" / "sums.sh"), str(tmp_path), *files], check=True)
    check = ["sha256sum", "--check", "--quiet", "SHA256SUMS"]
    assert subprocess.run(check, cwd=tmp_path, check=False).returncode == 0
    assert not (tmp_path / "SHA256SUMS.asc").exists()
    (tmp_path / "a.deb").write_text("another")
    assert subprocess.run(check, cwd=tmp_path, capture_output=True, check=False).returncode == 1


@needs_bash
@pytest.mark.skipif(not shutil.which("gpg"), reason="needs gpg")
def test_sums_are_signed_with_the_key_that_is_named(tmp_path: Path) -> None:
    home = tmp_path / "keys"
    home.mkdir(mode=0o700)
    environment = {**os.environ, "GNUPGHOME": str(home)}
    make = ["gpg", "--batch", "--passphrase", "", "--quick-generate-key", "tester@example.org", "ed25519"]
    subprocess.run(make, env=environment, check=True, capture_output=True, timeout=60)
    try:
        (tmp_path / "a.deb").write_text("a")
        command = ["bash", str(INSTALLER / "package" / "sums.sh"), str(tmp_path), str(tmp_path / "a.deb")]
        subprocess.run(command, env={**environment, "SIGN_KEY": "tester@example.org"}, check=True)
        verify = ["gpg", "--verify", "SHA256SUMS.asc", "SHA256SUMS"]
        subprocess.run(verify, cwd=tmp_path, env=environment, check=True, capture_output=True)
    finally:
        subprocess.run(["gpgconf", "--kill", "all"], env=environment, check=False)


def run_recipe(
    monkeypatch: pytest.MonkeyPatch, platform: str, found: Sequence[str] = ()
) -> dict[str, list[Any]]:
    """Return what the recipe asks PyInstaller for on a platform: for each of its words the options given.

    `found` are modules that PyInstaller would find.
    """
    asked: dict[str, list[Any]] = {}

    class Word:
        def __init__(self, name: str) -> None:
            self.name = name

        def __call__(self, *_words: object, **options: object) -> SimpleNamespace:
            asked.setdefault(self.name, []).append(options)
            return SimpleNamespace(
                pure=[(name, "", "PYMODULE") for name in found], scripts=[], binaries=[], datas=[]
            )

    hooks = SimpleNamespace(collect_submodules=lambda _name: [], copy_metadata=lambda _name: [])
    for name, module in (
        ("PyInstaller", None),
        ("PyInstaller.utils", None),
        ("PyInstaller.utils.hooks", hooks),
    ):
        monkeypatch.setitem(sys.modules, name, module or SimpleNamespace())
    monkeypatch.setattr(sys, "platform", platform)
    names: dict[str, object] = {"SPECPATH": str(INSTALLER / "package")}
    names |= {word: Word(word) for word in ("Analysis", "PYZ", "EXE", "COLLECT", "BUNDLE")}
    exec(compile((INSTALLER / "package" / "audiosr-desktop.spec").read_text(), "recipe", "exec"), names)
    monkeypatch.undo()
    return asked


@pytest.mark.parametrize(("platform", "icon"), [("linux", None), ("win32", ".ico"), ("darwin", ".icns")])
def test_recipe_runs_on_every_platform(
    monkeypatch: pytest.MonkeyPatch, platform: str, icon: str | None
) -> None:
    asked = run_recipe(monkeypatch, platform)
    assert [program["name"] for program in asked["EXE"]] == ["audiosr-desktop", "audiosr-desktop-window"]
    for program in asked["EXE"]:
        assert program["icon"] is None if icon is None else Path(program["icon"]).suffix == icon
    assert ("BUNDLE" in asked) == (platform == "darwin")
    packed = {target for _, target in asked["Analysis"][0]["datas"]}
    assert {"resources/help/images", "models/audiosr-compact"} <= packed
    assert "torch" in asked["Analysis"][0]["excludes"]


def test_recipe_refuses_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    run_recipe(monkeypatch, "linux", ["numpy.core", "torchlike"])
    with pytest.raises(SystemExit, match="torch"):
        run_recipe(monkeypatch, "linux", ["numpy.core", "torch.nn"])


def test_macos_is_told_what_the_program_is_and_opens(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = run_recipe(monkeypatch, "darwin")
    (bundle,) = asked["BUNDLE"]
    assert re.fullmatch(r"[A-Za-z0-9.-]+", bundle["bundle_identifier"]), "Apple allows no other letters"
    facts = plistlib.loads(plistlib.dumps(bundle["info_plist"]))
    programs = {program["name"] for program in asked["EXE"]}
    assert facts["CFBundleExecutable"] in programs
    opened = {name for kind in facts["CFBundleDocumentTypes"] for name in kind["LSItemContentTypes"]}
    (own,) = facts["UTExportedTypeDeclarations"]
    assert opened == {"public.audio", own["UTTypeIdentifier"]}
    assert own["UTTypeTagSpecification"]["public.filename-extension"] == ["asrproj"]
    script = (INSTALLER / "macos" / "build.sh").read_text()
    assert set(re.findall(r"Contents/MacOS/([\w-]+)", script)) <= programs
    assert f'$out/{bundle["name"]}"' in script


def sections_of(script: str) -> list[str]:
    return re.findall(r"^\[(\w+)\]$", script, re.MULTILINE)


def setup_of(script: str) -> dict[str, str]:
    """Return the settings of an installer."""
    lines = script.partition("[Setup]\n")[2].partition("\n\n")[0].splitlines()
    return dict(line.split("=", 1) for line in lines)


def test_windows_installer_packs_what_the_recipe_makes() -> None:
    script = (INSTALLER / "windows" / "audiosr-desktop.iss").read_text()
    assert {"Setup", "Languages", "Tasks", "InstallDelete", "Files", "Icons", "Registry", "Run"} <= set(
        sections_of(script)
    )
    programs = set(re.findall(r"\{app\}\\([\w-]+)\.exe", script))
    assert programs == {"audiosr-desktop-window"}
    tasks = set(re.findall(r'^Name: "(\w+)"; Description', script, re.MULTILINE))
    assert set(re.findall(r"Tasks: (\w+)|WizardIsTaskSelected\('(\w+)'\)", script)) == {
        ("desktopicon", ""),
        ("", "path"),
    }
    assert tasks == {"desktopicon", "path"}
    own = ET.parse(LINUX / "audiosr-desktop.mime.xml").getroot()
    patterns = {str(glob.get("pattern")) for kind in own for glob in kind if glob.tag.endswith("glob")}
    offered = re.findall(r'#define Types "([^"]+)"', script)[0].split()
    assert {pattern.removeprefix("*.") for pattern in patterns} <= set(offered)


@pytest.mark.parametrize("name", ["audiosr-desktop", "audiosr-desktop-cuda"])
def test_windows_installers_are_built_with_what_they_ask_for(name: str) -> None:
    script = (INSTALLER / "windows" / f"{name}.iss").read_text()
    build = (INSTALLER / "windows" / "build.ps1").read_text()
    assert f'"{name}.iss"' in build
    for given in re.findall(r"#ifndef (\w+)\n  #error", script):
        assert f"/D{given}=" in build
    setup = setup_of(script)
    for setting in ("LicenseFile", "SetupIconFile"):
        assert (INSTALLER / "windows" / setup[setting].replace("\\", "/")).is_file()
    assert f'"{setup["OutputBaseFilename"]}.exe"'.replace("{#Version}", "$version") in build
    messages = script.partition("[CustomMessages]\n")[2].partition("\n\n")[0].splitlines()
    words = [line.partition("=")[0].split(".") for line in messages]
    assert {word for language, word in words if language == "en"} == {
        word for language, word in words if language == "de"
    }


def test_both_windows_installers_belong_to_one_program() -> None:
    """The code that removes the program is that of the installer that was run last."""
    scripts = [
        (INSTALLER / "windows" / f"{name}.iss").read_text()
        for name in ("audiosr-desktop", "audiosr-desktop-cuda")
    ]
    ids = [re.findall(r"[0-9A-F]{8}(?:-[0-9A-F]{4}){3}-[0-9A-F]{12}", script) for script in scripts]
    assert ids[0] == ids[1]
    assert all('#include "path.iss"' in script for script in scripts)


def test_macos_entitlements_let_plugins_in() -> None:
    entitlements = plistlib.loads((INSTALLER / "macos" / "entitlements.plist").read_bytes())
    assert entitlements["com.apple.security.cs.disable-library-validation"] is True
    script = (INSTALLER / "macos" / "build.sh").read_text()
    assert "installer/macos/entitlements.plist" in script


@needs_bash
@pytest.mark.skipif(sys.platform == "darwin", reason="it would build")
def test_macos_script_says_where_it_works(tmp_path: Path) -> None:
    command = ["bash", str(INSTALLER / "macos" / "build.sh"), str(tmp_path)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (result.returncode, result.stderr) == (1, "An app bundle can be built on macOS only.\n")
