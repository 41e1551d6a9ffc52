"""Print whose work the packaged program contains, with their licences: notices.py NAME, NAME and so on."""

import sys
from email.message import Message
from importlib.metadata import Distribution, distribution
from typing import cast

TEXTS = ("LICENSE", "LICENCE", "COPYING", "NOTICE")


def main() -> None:
    """Print a section for Python and for each named package."""
    sys.stdout.reconfigure(encoding="utf-8")  # type: ignore[union-attr]
    print("AudioSR Desktop contains the work of others. Their names and licences:\n")
    print(f"{'=' * 79}\nPython {sys.version.split()[0]}: Python Software Foundation License\n")
    for name in sys.argv[1:]:
        print(section(distribution(name)))


def section(package: Distribution) -> str:
    """Return the name, the licence and the licence texts of a package."""
    facts = cast(Message, package.metadata)
    licence = facts.get("License-Expression") or (facts.get("License") or "see below").splitlines()[0]
    texts = [
        file.read_text(encoding="utf-8")
        for file in package.files or []
        if ".dist-info" in str(file) and file.name.upper().startswith(TEXTS)
    ]
    home = facts.get("Home-page") or ", ".join(facts.get_all("Project-URL") or [])
    return "\n".join(["=" * 79, f"{facts['Name']} {package.version}: {licence}", home, "", *texts])


if __name__ == "__main__":
    main()
