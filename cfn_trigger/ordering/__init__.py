"""Which resources wait for which, and drawings of that order."""
