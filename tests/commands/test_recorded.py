"""What every subcommand says about every example: recorded, and read by a person."""

import pytest

from tests.support.recordings import RECORDED, recordings, said


@pytest.mark.parametrize("name", recordings())
def test_a_command_says_what_was_recorded(name: str) -> None:
    assert (RECORDED / name).read_text() == said(*recordings()[name])


def test_every_recording_is_of_a_command() -> None:
    assert sorted(path.name for path in RECORDED.iterdir()) == sorted(recordings())


def test_no_command_broke_when_it_was_recorded() -> None:
    broken = [path.name for path in RECORDED.iterdir() if "please report it" in path.read_text()]

    assert broken == []
