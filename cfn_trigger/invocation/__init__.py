"""Running a trigger's handler outside a deployment, by the provider's own code."""
