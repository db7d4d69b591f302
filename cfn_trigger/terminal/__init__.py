"""What people see: options, consoles, and how values look. The only package that knows rich."""
