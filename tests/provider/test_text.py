"""Texts are shortened to bytes, whatever they are made of and however little room there is."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trigger_provider.text import beginning, encoded, fitting, size, truncate, truncate_start

LETTERS = st.characters() | st.sampled_from(["\ud800", "\udc00", "\x00", '"', "\\", "😀", "é"])
TEXTS = st.text(LETTERS) | st.builds(lambda letter, n: letter * n, LETTERS, st.integers(0, 500))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXTS,
    lambda item: st.lists(item, max_size=4) | st.dictionaries(st.text(), item, max_size=4),
    max_leaves=20,
)


@given(text=TEXTS, room=st.integers(0, 600))
def test_a_text_is_shortened_to_any_room_and_never_within_a_character(text: str, room: int) -> None:
    shortened = truncate(text, room)

    assert size(shortened) - 2 <= room
    assert shortened in (text, "") or text.startswith(shortened.removesuffix("…"))
    assert json.loads(encoded(shortened)) == shortened.encode(errors="replace").decode()


@given(text=TEXTS, room=st.integers(0, 600))
def test_the_end_of_a_text_is_shortened_alike(text: str, room: int) -> None:
    shortened = truncate_start(text, room)

    assert size(shortened) - 2 <= room
    assert shortened in (text, "") or text.endswith(shortened.removeprefix("…"))


@given(text=TEXTS, room=st.integers(9, 600))
def test_no_more_is_left_out_than_has_to_be(text: str, room: int) -> None:
    assert size(text) - 2 <= room or size(truncate(text, room)) - 2 > room - 2 * 6


@given(text=TEXTS)
def test_a_text_that_has_room_stays_as_it_is(text: str) -> None:
    assert truncate(text, size(text) - 2) == text


@given(item=JSON, room=st.integers(0, 600))
def test_an_item_fits_where_its_text_takes_no_more_bytes_than_there_are(
    item: Any, room: int
) -> None:
    text = item if isinstance(item, str) else json.dumps(item, ensure_ascii=False)

    assert fitting(item, room) == (text if size(text) - 2 <= room else None)


@pytest.mark.parametrize("most", [0, 10, 4095])
def test_what_is_nested_too_deeply_to_be_written_is_long(most: int) -> None:
    item: Any = []
    for _ in range(100_000):
        item = [item]

    assert len(beginning(item, most)) > most
