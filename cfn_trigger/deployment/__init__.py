"""A deployed stack: what CloudFormation reports about it, at rest and while it changes."""
