"""An author's template: its source, parameters, transforms and intrinsic functions."""
