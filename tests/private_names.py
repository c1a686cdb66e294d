"""Finding what our code uses of others that they keep for themselves."""

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path

# Documented in spite of the underscore.
DOCUMENTED = {"_meta", "_exit", "_fields", "_make", "_replace"}


def is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__") and name not in DOCUMENTED


def names_in(files: Iterable[Path]) -> set[str]:
    """The private modules and names of others that these files, all of ours, import, use or override."""
    nodes = [node for file in files for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))]
    asked, of_parents = set(attributes(nodes, of_parents=False)), set(attributes(nodes, of_parents=True))
    methods = set(methods_in(nodes))
    functions = {node.name for node in nodes if isinstance(node, ast.FunctionDef)}
    # A private method that we never call is called by the class it overrides one of.
    return {*modules(nodes), *(asked - functions), *of_parents, *(methods - asked)}


def modules(nodes: Iterable[ast.AST]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, ast.ImportFrom) and node.module:
            parts = node.module.split(".")
            if "internal" in parts or any(is_private(part) for part in parts):
                yield node.module


def attributes(nodes: Iterable[ast.AST], *, of_parents: bool) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, ast.Attribute) and is_private(node.attr):
            called = node.value.func if isinstance(node.value, ast.Call) else None
            if (isinstance(called, ast.Name) and called.id == "super") is of_parents:
                yield node.attr


def methods_in(nodes: Iterable[ast.AST]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, ast.ClassDef):
            yield from (
                each.name for each in node.body if isinstance(each, ast.FunctionDef) and is_private(each.name)
            )
