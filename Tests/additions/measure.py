#!/usr/bin/env python3
"""What five small additions have to change: applies each patch to a copy of the last commit, builds it, runs its tests,
and counts the files of Sources and Package.swift that were there before and are changed.

    make additions          # or: python3 Tests/additions/measure.py [NAME …]

Ends with exit code 1 where a patch does not apply, does not build, fails its tests, or changes more than it may.
"""

import pathlib
import shutil
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
REPOSITORY = HERE.parents[1]
WORK = REPOSITORY / ".build-additions"
# The files that an addition may change, and the suites that test it beside its own (AdditionOf…).
ADDITIONS = {
    "thermostat": (3, "AdditionOfAThermostat"),
    "format": (3, "ReaderConformance"),
    "property": (3, "AdditionOfAProperty"),
    "model": (3, "AdditionOfAModel"),
    "interaction": (2, "AdditionOfAnInteraction"),
}


def run(*command, cwd, **options):
    return subprocess.run([str(part) for part in command], cwd=cwd, text=True, capture_output=True, **options)


def git(tree, *arguments):
    result = run("git", *arguments, cwd=tree)
    if result.returncode:
        raise SystemExit(f"git {' '.join(arguments)}: {result.stderr}")
    return result.stdout


def copy_of_the_last_commit():
    """A clone that keeps its build between runs."""
    tree = WORK / "tree"
    if not (tree / ".git").exists():
        shutil.rmtree(tree, ignore_errors=True)
        git(REPOSITORY, "clone", "--quiet", "--shared", REPOSITORY, tree)
    git(tree, "fetch", "--quiet", REPOSITORY, "HEAD")
    git(tree, "checkout", "--quiet", "--force", "--detach", "FETCH_HEAD")
    git(tree, "clean", "-fdq")
    return tree


def measure(tree, name, allowed, suites):
    git(tree, "checkout", "--quiet", "--force", ".")
    git(tree, "clean", "-fdq")
    applied = run("git", "apply", "--index", "--recount", "-C1", HERE / f"{name}.patch", cwd=tree)
    if applied.returncode:
        return f"does not apply: {applied.stderr.strip()}", 0, 0, 0
    changes = [line.split("\t") for line in git(tree, "diff", "--cached", "--name-status").splitlines()]
    of_program = [
        (kind, path) for kind, path in changes if path.startswith("Sources/") or path == "Package.swift"]
    changed = [path for kind, path in of_program if kind != "A"]
    added = len(of_program) - len(changed)
    # Only what was written: the patch must not be kept.
    git(tree, "reset", "--quiet")
    flags = ["-c", "release", "-Xswiftc", "-enable-testing", "--scratch-path", WORK / "build"]
    start = time.monotonic()
    built = run("swift", "build", "--build-tests", *flags, cwd=tree)
    if built.returncode:
        return "does not build:\n" + "\n".join(
            line for line in built.stdout.splitlines() if "error:" in line)[:2000], changed, added, 0
    tested = run("swift", "test", "--skip-build", *flags, "--filter", suites, cwd=tree)
    seconds = time.monotonic() - start
    if tested.returncode or "Test run with 0 tests" in tested.stdout:
        failures = [line for line in tested.stdout.splitlines() if "✘" in line][:8]
        return "fails its tests:\n" + "\n".join(failures), changed, added, seconds
    if len(changed) > allowed:
        return f"changes more than {allowed} files", changed, added, seconds
    return "", changed, added, seconds


def main():
    names = sys.argv[1:] or list(ADDITIONS)
    WORK.mkdir(exist_ok=True)
    tree, failed = copy_of_the_last_commit(), False
    print(f"{'addition':12} {'changed':>7} {'allowed':>7} {'new':>4}  files changed")
    for name in names:
        allowed, suites = ADDITIONS[name]
        problem, changed, added, seconds = measure(tree, name, allowed, suites)
        changed = changed or []
        print(f"{name:12} {len(changed):7} {allowed:7} {added:4}  {', '.join(changed)} ({seconds:.0f} s)", flush=True)
        if problem:
            failed = True
            print(f"    {problem}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
