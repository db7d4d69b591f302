"""`cfn-trigger`: the macro's own stages, for an author at a terminal and for a pipeline.

`errors` and `environment` import nothing of this package; `template` imports them.
`deployment` imports `template` too. `prediction`, `ordering`, `lint` and `invocation` import
`deployment` too, and not each other. `local_cloud` imports nothing of this package.
`terminal` imports the values that it renders: of `errors` and of the packages before.
`commands` and `main` import everything. They know click, and `terminal` alone knows rich.
The contracts in pyproject.toml hold this. The shorthand is known to `macro` alone.
"""
