"""Deployed stacks: what they consist of now, and what happens to them while they change."""
