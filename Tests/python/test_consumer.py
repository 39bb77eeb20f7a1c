"""Another Swift package uses this one by version."""

import os
import re
import shutil
import subprocess

from conftest import REPOSITORY

CONSUMER = REPOSITORY / "Tests" / "Consumer"
PAGE = REPOSITORY / "Documentation" / "equivariant.md"


def blocks(language):
    found = re.findall(r"^```(\w*)\n(.*?)^```", PAGE.read_text(), re.DOTALL | re.MULTILINE)
    return [text for name, text in found if name == language]


def test_the_page_shows_the_program():
    assert blocks("swift") == [(CONSUMER / "Sources" / "Consumer" / "main.swift").read_text()]


def test_a_package_depends_on_a_version(tmp_path):
    """A dependency by path would accept unsafe flags; one by version does not."""
    repository = tmp_path / "apus"
    repository.mkdir()
    shutil.copy(REPOSITORY / "Package.swift", repository)
    shutil.copytree(REPOSITORY / "Sources", repository / "Sources", ignore=shutil.ignore_patterns("__pycache__"))
    # The manifest names targets of tests.
    for folder in (REPOSITORY / "Tests").glob("*Testing"):
        shutil.copytree(folder, repository / "Tests" / folder.name)

    def git(*arguments):
        identity = ["-c", "user.name=test", "-c", "user.email=test@localhost"]
        subprocess.run(["git", *identity, *arguments], cwd=repository, check=True, capture_output=True)

    git("init", "--quiet")
    git("add", "--all")
    git("commit", "--quiet", "--message", "A version")
    git("tag", "0.1.0")

    consumer = tmp_path / "consumer"
    shutil.copytree(CONSUMER, consumer, ignore=shutil.ignore_patterns(".build", "Package.resolved"))
    found = subprocess.run(
        ["swift", "run", "--quiet", "Consumer"],
        cwd=consumer,
        env=os.environ | {"APUS_REPOSITORY": repository.as_uri()},
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert found.returncode == 0, found.stderr + found.stdout
    assert found.stdout == blocks("")[0]
