"""Which resources wait for which, and how that is drawn."""
