from datetime import timedelta

import pytest

from cfn_trigger.deployment.durations import as_words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-3, "0 s"),
        (0, "0 s"),
        (0.004, "0.1 s"),
        (0.44, "0.4 s"),
        (0.97, "0.9 s"),
        (1, "1 s"),
        (25.6, "26 s"),
        (59.7, "1 min 0 s"),
        (125, "2 min 5 s"),
        (3600, "1 h 0 min"),
        (43_199, "11 h 59 min"),
    ],
)
def test_a_duration_has_at_most_two_units(seconds: float, words: str) -> None:
    assert as_words(timedelta(seconds=seconds)) == words
