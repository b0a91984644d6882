"""A contract for import-linter: what a package may import, everything else being forbidden."""

import sys
from typing import Any, cast

import grimp
from importlinter import Contract, ContractCheck, fields, output


class MayImportContract(Contract):
    """Each package that matches imports itself, the standard library and what is allowed."""

    type_name = "may_import"

    packages = fields.ListField(subfield=fields.StringField())
    allowed = fields.ListField(subfield=fields.StringField(), required=False, default=[])

    def check(self, graph: grimp.ImportGraph, verbose: bool) -> ContractCheck:
        """Look at every direct import of every module of the packages."""
        allowed = cast("list[str]", self.allowed)
        forbidden: list[dict[str, Any]] = []
        for expression in cast("list[str]", self.packages):
            for package in _matching(graph, expression):
                own = {package} | graph.find_descendants(package)
                forbidden += _forbidden(graph, own, [package, *allowed])
        return ContractCheck(kept=not forbidden, metadata={"forbidden": forbidden})

    def render_broken_contract(self, check: ContractCheck) -> None:
        """One line for each forbidden import."""
        for link in check.metadata["forbidden"]:
            output.print_error(
                f"{link['importer']} (l.{link['line']}) must not import {link['imported']}",
                bold=False,
            )


def _matching(graph: grimp.ImportGraph, expression: str) -> list[str]:
    """The packages that an expression names; a name that matches nothing is a mistake."""
    found = sorted(graph.find_matching_modules(expression))
    if not found:
        raise ValueError(f"no module matches {expression}")
    return found


def _forbidden(
    graph: grimp.ImportGraph, modules: set[str], allowed: list[str]
) -> list[dict[str, Any]]:
    return [
        detail
        for module in sorted(modules)
        for imported in sorted(graph.find_modules_directly_imported_by(module))
        if not _is_allowed(imported, allowed)
        for detail in _details(graph, module, imported)
    ]


def _details(graph: grimp.ImportGraph, importer: str, imported: str) -> list[dict[str, Any]]:
    return [
        {"importer": importer, "imported": imported, "line": detail["line_number"]}
        for detail in graph.get_import_details(importer=importer, imported=imported)
    ]


def _is_allowed(imported: str, allowed: list[str]) -> bool:
    if imported.partition(".")[0] in sys.stdlib_module_names:
        return True
    return any(imported == name or imported.startswith(f"{name}.") for name in allowed)
