"""The pages: links lead somewhere, and tables are full."""

import re

import pytest

from conftest import REPOSITORY

PAGES = [
    *REPOSITORY.glob("*.md"),
    *(page for folder in ["Documentation", "Sources", "examples", "potentials"] for page in (REPOSITORY / folder).rglob("*.md")),
]
every_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(REPOSITORY)))


def prose(page):
    """The lines without blocks of code."""
    return re.sub(r"^ *```.*?^ *```", "", page.read_text(), flags=re.DOTALL | re.MULTILINE)


def anchors(page):
    """What GitHub makes of the headings."""
    headings = re.findall(r"^#+ (.*)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@every_page
def test_links_lead_somewhere(page):
    for target in re.findall(r"\]\(([^()\s]+)\)", prose(page)):
        if "://" in target:
            continue
        name, _, anchor = target.partition("#")
        file = page.parent / name if name else page
        assert file.exists(), f"{page}: {target}"
        assert not anchor or anchor in anchors(file), f"{page}: {target}"


@every_page
def test_tables_have_no_holes(page):
    for line in re.findall(r"^ *\|(.*)\| *$", prose(page), re.MULTILINE):
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)]
        # The first cell of a header may be empty.
        assert all(cell not in ("", "-", "–") for cell in cells[1:]), f"{page}: {line}"


@every_page
def test_the_rows_of_a_table_are_equally_long(page):
    for table in re.findall(r"(?:^ *\|.*\n)+", prose(page), re.MULTILINE):
        counts = {len(re.split(r"(?<!\\)\|", row)) for row in table.strip().split("\n")}
        assert len(counts) == 1, f"{page}: {table}"
