import pytest
from hypothesis import given
from hypothesis import strategies as st

from oauthapps.rules import scopes


def test_scopes_are_read_in_the_order_given_and_each_once() -> None:
    assert scopes.parse("write read write") == ("write", "read")


@pytest.mark.parametrize("text", ["", " ", "   "])
def test_an_empty_value_names_no_scope(text: str) -> None:
    assert scopes.parse(text) == ()


def test_spaces_around_and_between_do_not_matter() -> None:
    assert scopes.parse("  read   write ") == ("read", "write")


@pytest.mark.parametrize("separator", ["\t", "\n", "\u00a0", "\u2003", "\x1c", ","])
def test_only_the_space_separates_scopes(separator: str) -> None:
    assert scopes.parse(f"read{separator}write") == (f"read{separator}write",)


def test_without_a_scope_parameter_everything_is_meant() -> None:
    assert list(scopes.DEFAULT_SCOPES) == list(scopes.SCOPES)


@given(st.lists(st.text(st.characters(exclude_characters=" "), min_size=1)))
def test_what_is_written_is_read_back(names: list[str]) -> None:
    assert scopes.parse(scopes.render(names)) == tuple(dict.fromkeys(names))
