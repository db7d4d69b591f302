"""Running one handler by hand: the request the provider would get, and its call."""
