"""Forms are read as the standard library reads them, in whichever of the two ways."""

from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oauthapps.oauth2.parameters import MAX_PARAMETERS, UnreadableRequestError, form_pairs

PIECES = st.sampled_from(["token", "a", "é", "=", "&", "&&", "==", "%41", "+", ";", " ", "\0", "?"])


@given(st.lists(PIECES, max_size=12).map("".join))
def test_a_form_is_what_the_standard_library_says(text: str) -> None:
    assert form_pairs(text.encode()) == parse_qsl(text, keep_blank_values=True)


@pytest.mark.parametrize("value", ["x", "%78"])
def test_too_many_parameters_are_refused(value: str) -> None:
    most = "&".join([f"a={value}"] * MAX_PARAMETERS)
    assert form_pairs(most.encode()) == [("a", "x")] * MAX_PARAMETERS
    with pytest.raises(UnreadableRequestError):
        form_pairs(f"{most}&a={value}".encode())


@pytest.mark.parametrize("body", [b"a=\xff", b"a=%ff"])
def test_what_is_not_utf_8_is_refused(body: bytes) -> None:
    with pytest.raises(UnreadableRequestError):
        form_pairs(body)
