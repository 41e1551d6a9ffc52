"""The sub-command `models`: which bundles are installed, what they are, and bundles in and out."""

import argparse
import sys
from typing import Any

from audiosr_desktop.cli_output import drive, write_json, write_table
from audiosr_desktop.engine.bundle import Bundle, Verifier, bundle_problems, find_bundle, installed_bundles
from audiosr_desktop.engine.install import ImportOptions, import_model, remove_bundle
from audiosr_desktop.errors import BundleError


def list_(arguments: argparse.Namespace) -> int:
    """Carry out `models list`."""
    bundles = [_summary(bundle) for bundle in installed_bundles()]
    for problem in bundle_problems():
        print(problem, file=sys.stderr)
    if arguments.json:
        write_json(bundles)
        return 0
    for bundle in bundles:
        print(f"{bundle['id']}  {bundle['title']} ({bundle['size_bytes'] / 1e6:.1f} MB, {bundle['license']})")
    if not bundles:
        print("No model is installed.")
    return 0


def show(arguments: argparse.Namespace) -> int:
    """Carry out `models show`."""
    bundle = find_bundle(arguments.id)
    report = {**bundle.manifest.about, **_summary(bundle), "manifest_sha256": bundle.manifest_sha256}
    if arguments.json:
        write_json(report)
    else:
        write_table(report)
    return 0


def verify(arguments: argparse.Namespace) -> int:
    """Carry out `models verify`; 1 when any model is not as its manifest says."""
    bundles = [find_bundle(arguments.id)] if arguments.id else installed_bundles()
    problems = [] if arguments.id else bundle_problems()
    verifier = Verifier()
    good = []
    for bundle in bundles:
        try:
            drive(verifier.verify(bundle))
        except BundleError as error:
            problems.append(error)
        else:
            good.append(bundle.id)
    if not good and not problems:
        find_bundle()  # says that there is none, and where it was looked for
    if arguments.json:
        write_json({"good": good, "problems": [str(problem) for problem in problems]})
    else:
        for bundle_id in good:
            print(f"{bundle_id}  all files are as they should be")
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


def import_(arguments: argparse.Namespace) -> int:
    """Carry out `models import`."""
    options = ImportOptions(arguments.id or "", arguments.replace, arguments.precision, arguments.condition)
    imported = drive(import_model(arguments.path, options))
    report = {**_summary(imported.bundle), "parity": imported.parity, "notes": imported.notes}
    if arguments.json:
        write_json(report)
    else:
        write_table({name: value for name, value in report.items() if value})
    return 0


def remove(arguments: argparse.Namespace) -> int:
    """Carry out `models remove`."""
    remove_bundle(arguments.id)
    if arguments.json:
        write_json({"removed": arguments.id})
    else:
        print(f"The model {arguments.id} was removed.")
    return 0


def _summary(bundle: Bundle) -> dict[str, Any]:
    manifest = bundle.manifest
    return {
        "id": bundle.id,
        "title": manifest.title,
        "description": manifest.description,
        "license": manifest.license,
        "tasks": manifest.tasks,
        "default_steps": manifest.default_steps,
        "size_bytes": bundle.size_bytes,
        "borrowed": {graph: loan.bundle for graph, loan in manifest.borrowed.items()},
        "folder": bundle.folder,
    }
