"""The documentation says what the code does: tables are complete, links lead somewhere."""

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from local import deploy, docs
from local.sandbox.athena import magic as athena_magic
from local.sandbox.decoda import magic as decoda_magic
from local.sandbox.faults import FAULTS
from local.sandbox.medfusion import magic as medfusion_magic
from local.sandbox.optum import magic as optum_magic
from local.settings import Settings
from payhub.entrypoints import problems
from payhub.store import keys
from payhub.vendors import VENDORS
from tests.support.template import REPOSITORY, of_type, resolved, source
from tests.support.template_checks.api import routes

PAGES = sorted(
    [
        *(REPOSITORY / name for name in ("README.md", "CHANGELOG.md", "SECURITY.md")),
        *(REPOSITORY / "docs").rglob("*.md"),
        *(REPOSITORY / "local").rglob("*.md"),
    ]
)
FORBIDDEN = re.compile(r"(?<![\w.])/(?:tmp|root|home|Users)/|(?<!\w)#\d+\b")
"""Paths of a machine, and numbers that only a tracker knows."""

LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
FENCED = re.compile(r"^```.*?^```$", re.DOTALL | re.MULTILINE)


_resolved = cache(resolved)


def _page(name: str) -> str:
    return (REPOSITORY / name).read_text()


def _id(path: Path) -> str:
    return path.relative_to(REPOSITORY).as_posix()


def _rows(text: str) -> Iterator[list[str]]:
    """The cells of every table row, without the marks of code."""
    for line in text.splitlines():
        if line.startswith("|") and not set(line) <= set("|- "):
            yield [cell.strip().strip("`") for cell in line.strip("|").split("|")]


def _anchors(text: str) -> set[str]:
    """Where a link into the page may lead, as the usual viewers name it."""
    headings = re.findall(r"^#+ (.+)$", FENCED.sub("", text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", it).strip().lower().replace(" ", "-") for it in headings}


def test_generated_tables_are_fresh() -> None:
    """`make docs` would change nothing."""
    stale = [_id(path) for path, text in docs.pages().items() if path.read_text() != text]
    assert not stale, f"run `make docs`: {stale} no longer say what the code does"


def test_every_generated_table_stands_somewhere() -> None:
    """Each vendor has its section, no table is written for nobody."""
    text = "".join(path.read_text() for path in PAGES)
    missing = [name for name in docs.blocks() if f"<!-- make docs: {name} -->" not in text]
    assert not missing, f"docs/ lacks <!-- make docs: ... --> for {missing}"


@pytest.mark.parametrize("page", PAGES, ids=_id)
def test_links_lead_somewhere(page: Path) -> None:
    """Files and headings that are linked exist."""
    broken = []
    for link in LINK.findall(FENCED.sub("", page.read_text())):
        if link.startswith(("http://", "https://", "mailto:")):
            continue
        name, _, anchor = link.partition("#")
        target = (page.parent / name).resolve() if name else page
        if not target.exists() or (anchor and anchor not in _anchors(target.read_text())):
            broken.append(link)
    assert not broken


@pytest.mark.parametrize("page", PAGES, ids=_id)
def test_pages_are_for_everybody(page: Path) -> None:
    """Nothing of the machine or the work it was written in."""
    assert FORBIDDEN.findall(page.read_text()) == []


def test_code_is_for_everybody() -> None:
    """The same for everything else that is committed, as far as it is text of ours."""
    machine = re.compile(r"(?<![\w./])/(?:home|root|Users)/\w|\.\./\.\./\.\./\w")
    rooms = ("functions", "layers/payhub", "local", "tests", "events", "requirements")
    files = [path for room in rooms for path in (REPOSITORY / room).rglob("*.*")]
    files += [path for path in REPOSITORY.glob("*.*") if path.is_file()]
    kinds = {".py", ".yaml", ".toml", ".json", ".md", ".in"}
    found = [
        _id(path)
        for path in files
        if path.suffix in kinds and path.name != Path(__file__).name
        if machine.search(path.read_text())
    ]
    assert found == []


@pytest.mark.parametrize("page", PAGES, ids=_id)
def test_named_files_exist(page: Path) -> None:
    """Paths of the repository in the text are right."""
    roots = "functions|layers|local|tests|events|docs|requirements|entrypoints|operations|domain"
    roots += "|store|vendors"
    named = re.findall(rf"(?<![\w/.])(?:{roots})/[\w./-]+\.(?:py|md|json|txt)\b", page.read_text())
    bases = (REPOSITORY, REPOSITORY / "layers/payhub/payhub", page.parent)
    assert [it for it in named if not any((base / it).exists() for base in bases)] == []


def test_every_problem_is_explained() -> None:
    """docs/api.md has one row for each status and name, no more."""
    kinds = {*problems.KINDS.values()}
    kinds |= {it for it in vars(problems).values() if isinstance(it, problems.Kind)}
    section = _page("docs/api.md").partition("## Problems")[2]
    documented = {(int(row[0]), row[1]) for row in _rows(section) if row[0].isdigit()}
    assert documented == {(kind.status, kind.slug) for kind in kinds}


def test_every_parameter_and_variable_is_explained() -> None:
    """docs/configuration.md has each with its default and its local value."""
    template = source()
    page = _page("docs/configuration.md")
    rows = {row[0]: row for row in _rows(page.partition("## A tenant")[0])}
    local = deploy.parameters(Settings(port=1, sandbox_port=2, stack_port=3, folder=REPOSITORY))
    for name, parameter in template["Parameters"].items():
        assert name in rows, f"docs/configuration.md lacks {name}"
        default, here = rows[name][2:4]
        assert default == (str(parameter.get("Default", "none")) or "empty"), name
        given = local.get(name, "")
        assert here == given or (given.startswith("http") and here.startswith("the ")), name
    assert rows.keys() - {"Parameter"} == template["Parameters"].keys()
    variables = template["Globals"]["Function"]["Environment"]["Variables"]
    assert [it for it in variables if f"`{it}`" not in page] == []


def test_every_variable_stands_with_its_parameter() -> None:
    """The variable of a row is the one that the template fills from the parameter."""
    page = _page("docs/configuration.md").partition("## A tenant")[0]
    documented = {row[0]: row[1] for row in _rows(page)}
    for name, value in source()["Globals"]["Function"]["Environment"]["Variables"].items():
        for parameter in source()["Parameters"]:
            if value == {"Ref": parameter}:
                assert documented[parameter] == name


def test_every_alarm_is_in_the_runbook() -> None:
    """A heading each."""
    headings = set(re.findall(r"^### (\w+)$", _page("docs/runbook.md"), re.MULTILINE))
    assert headings == of_type(_resolved("prod"), "AWS::CloudWatch::Alarm").keys()


def test_every_route_is_in_the_readme() -> None:
    """With the file of its function; the issuer's own paths are said in words."""
    template = source()
    rows = {
        route: row[3]
        for row in _rows(_page("README.md"))
        for route in row[0].replace("`", "").split(", ")
        if route.startswith(("GET /", "POST /"))
    }
    expected = {}
    for (method, path), function in routes(_resolved("prod")).items():
        handler = template["Resources"][function]["Properties"]["Handler"]
        if method != "ANY" and not path.startswith("/api/issue/v1"):
            file = handler.removesuffix(".handler").replace(".", "/")
            expected[f"{method} {path}"] = f"functions/{file}.py"
    assert rows == expected


def test_faults_and_magic_amounts_are_in_the_readme() -> None:
    """As the sandbox has them."""
    names = [row[0] for row in _rows(_page("README.md").partition("## The sandbox")[2])]
    documented = set(re.findall(r"\w+", " ".join(names)))
    assert {*FAULTS, "refuse"} <= documented
    section = _page("README.md").partition("## The sandbox")[2]
    rows = [row for row in _rows(section) if row[0].isdigit()]
    vendors = (optum_magic, athena_magic, decoda_magic, medfusion_magic)
    for column, vendor in enumerate(vendors, start=1):
        special = {int(row[0]) for row in rows if row[column] != "-"}
        assert special == vendor.MAGIC_AMOUNTS.keys()


def test_make_commands_exist() -> None:
    """Every `make ...` of the pages is a target."""
    targets = set(re.findall(r"^([a-z-]+):", _page("Makefile"), re.MULTILINE))
    text = "".join(path.read_text() for path in PAGES)
    named = set(re.findall(r"`make ([a-z-]+)", text)) | set(
        re.findall(r"^    make ([a-z-]+)", text)
    )
    assert named <= targets


def test_keys_and_attributes_are_in_the_table_page() -> None:
    """docs/table.md shows keys as store/keys.py makes them."""
    page = _page("docs/table.md")
    tenant, payment_id = "<tenant>", "<paymentId>"
    made = [
        keys.payment(tenant, payment_id),
        keys.carried(tenant, payment_id, "<fingerprint>"),
        keys.event(tenant, "<vendor>", "<eventId>"),
        keys.tenant_settings(tenant),
        keys.registry(tenant),
        keys.credential("<digest>"),
    ]
    assert [key for key in made if f"| `{key[0]}` | `{key[1]}` |" not in page] == []
    alone = [
        keys.dead_letter(tenant, "")[0],
        keys.claim(tenant, "")[0].rpartition("#")[0] + "#<digest of its key>",
        keys.by_tenant(tenant),
        keys.vendor_reference(tenant, "<vendor>", "<reference>"),
        keys.caller_reference(tenant, "<reference>"),
        keys.feed(tenant, "<practice>/<kind>"),
        *(keys.FEED_HEAD, keys.FEED_CURSOR),
        *(keys.shards()[0], keys.shards()[-1]),
    ]
    assert [key for key in alone if f"`{key}`" not in page] == []
    (table,) = of_type(source(), "AWS::DynamoDB::Table").values()
    properties: dict[str, Any] = table["Properties"]
    attributes = {it["AttributeName"] for it in properties["AttributeDefinitions"]}
    indexes = {it["IndexName"] for it in properties["GlobalSecondaryIndexes"]}
    assert [it for it in attributes | indexes if f"`{it}`" not in page and it not in page] == []


@pytest.mark.parametrize("vendor", VENDORS)
def test_every_vendor_declares_its_assumptions(vendor: str) -> None:
    """A page with the three parts, linked from the list."""
    page = _page(f"docs/vendors/{vendor}.md")
    assert {"known", "where-its-pages-disagree", "assumed"} <= _anchors(page)
    assert f"({vendor}.md)" in _page("docs/vendors/README.md")


def test_the_sample_tenant_is_one() -> None:
    """The JSON in docs/configuration.md is what `make tenant` takes."""
    from payhub.operations.create_tenant import CreateTenant
    from payhub.vendors.optum.auth import SECRET_FIELDS, parse_settings

    text = re.findall(r"```json\n(.*?)```", _page("docs/configuration.md"), re.DOTALL)[0]
    tenant = CreateTenant.model_validate(json.loads(text), by_alias=True, by_name=True)
    optum = {k: v for k, v in tenant.vendors["optum"].items() if k not in SECRET_FIELDS}
    assert parse_settings(optum).amount_unit == "cents"
