"""The subcommands, one module each: options in, a value from a domain package, a renderer out."""
