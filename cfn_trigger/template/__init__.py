"""An author's template: its source, its parameters, its transforms, what its functions yield."""
