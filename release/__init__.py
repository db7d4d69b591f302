"""How a release is made: the source it is built from, and the checks it has to pass.

Not installed, and nothing that is installed knows it.
"""
