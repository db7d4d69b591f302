"""What people see: options, consoles, and how problems look. The only package that knows rich."""
