"""What every subcommand prints about every example: recorded, and read by a person."""

import pytest

from tests.support.recordings import RECORDED, printed, recordings


@pytest.mark.parametrize("name", recordings())
def test_a_command_prints_what_was_recorded(name: str) -> None:
    assert (RECORDED / name).read_text() == printed(*recordings()[name])


def test_every_recording_is_of_a_command() -> None:
    assert sorted(path.name for path in RECORDED.iterdir()) == sorted(recordings())


def test_no_recording_is_of_a_crash() -> None:
    broken = [path.name for path in RECORDED.iterdir() if "please report it" in path.read_text()]

    assert broken == []
