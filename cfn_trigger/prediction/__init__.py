"""What an update of a stack would do with every trigger, and why."""
