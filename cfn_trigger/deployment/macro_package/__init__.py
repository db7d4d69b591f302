"""What the macro's stacks are deployed from, next to the installed packages: files, no code.

`template.yaml` is a copy of the project's, which `sam deploy` uses; a test compares the two.
`bucket.yaml` is for a bucket with the code. The modules are substitutes for parts of troposphere
that the macro never uses.
"""
