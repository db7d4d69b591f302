"""Durations as people read them."""

from datetime import timedelta


def as_words(duration: timedelta) -> str:
    """Format a duration: `0.4 s`, `26 s`, `2 min 5 s`, `1 h 3 min`; never negative."""
    seconds = max(0.0, duration.total_seconds())
    if 0 < seconds < 1:
        return f"{max(0.1, min(0.9, round(seconds, 1))):g} s"
    minutes, rest = divmod(round(seconds), 60)
    if not minutes:
        return f"{rest} s"
    hours, minutes_left = divmod(minutes, 60)
    return f"{hours} h {minutes_left} min" if hours else f"{minutes} min {rest} s"
