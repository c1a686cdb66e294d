"""No refusal without an explanation: whoever raises an error of the protocol says why."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted([*(ROOT / "oauthapps/oauth2").glob("*.py"), *(ROOT / "oauthapps/api").glob("*.py")])
# Errors that take what explains them when they are made, or explain themselves.
EXPLAINED = {
    "AssertionReplayedError",
    "BearerError",
    "ClientAuthenticationError",
    "PublicClientError",
    "TooLargeError",
    "TooManyFailuresError",
    "UnreadableRequestError",
}
# That is what the client hears; each gets its explanation where the request is answered.
ELSEWHERE = {
    "token_endpoint.py: InvalidGrantError",  # refused_grants.py, when it has been looked up
    "authorization.py: AccessDeniedError",  # authorization_faults.py
    "validator.py: UnsupportedResponseTypeError",  # likewise
}
ERRORS = {
    "AccessDeniedError",
    "InvalidGrantError",
    "InvalidRequestError",
    "InvalidRequestFatalError",
    "InvalidScopeError",
    "InvalidTargetError",
    "MismatchingRedirectURIError",
    "UnauthorizedClientError",
    "UnknownRequestError",
    "UnsupportedGrantTypeError",
    "UnsupportedResponseTypeError",
}


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


def unexplained(path: Path) -> set[str]:
    """The errors that a file makes in a function that says nothing of what explains them."""
    found = set()
    for function in functions(ast.parse(path.read_text(encoding="utf-8"))):
        calls = [node for node in ast.walk(function) if isinstance(node, ast.Call)]
        raised = [node.exc for node in ast.walk(function) if isinstance(node, ast.Raise)]
        names = {ast.unparse(call.func) for call in calls}
        made = (names | {ast.unparse(each) for each in raised if isinstance(each, ast.Name)}) & ERRORS
        if not names & {"explained", "with_problem"}:
            found |= {f"{path.name}: {name}" for name in made}
    return found


@pytest.mark.spec("U-28", "the inspector")
def test_every_error_is_raised_with_what_explains_it() -> None:
    found = set().union(*map(unexplained, FILES))
    assert found == ELSEWHERE


@pytest.mark.spec("U-28", "the inspector")
def test_every_fault_of_an_assertion_has_its_explanation() -> None:
    from oauthapps.explanations.assertions import OF_CLAIMS, OF_IDS

    made: list[ast.Call] = []
    for name in ("rules/assertions.py", "rules/compact_jwts.py", "oauth2/client_assertions.py"):
        tree = ast.parse((ROOT / "oauthapps" / name).read_text(encoding="utf-8"))
        made += [
            node
            for node in ast.walk(tree)
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "AssertionFaultError"
        ]
    faults = {ast.literal_eval(call.args[1]) for call in made}
    assert len(made) > 15
    assert faults == {*OF_CLAIMS, *OF_IDS, "signature"}
