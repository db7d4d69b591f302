"""`cfn-trigger`: the macro's own stages, for an author at a terminal and for a pipeline.

`errors` and `environment` import nothing of this package; `template` imports them.
`deployment` imports `template` too. `prediction`, `ordering`, `lint` and `invocation` import
`deployment` too, and not each other. `local_cloud` imports nothing of this package.
`terminal` imports what it prints: `errors`, `environment` and lines of `deployment`.
`commands` and `main` import everything; only they and `terminal` know how to print.
tests/packages/test_import_direction.py holds this. The shorthand is known to `macro` alone.
"""
