"""What teaches linters and editors the shorthand.

| module | what it makes | of |
|---|---|---|
| `schema` | JSON Schemas for editors | the definition in `macro.shorthand` |
| `reference` | these as files, and the tables of the documentation | the same |
| `problems` | the macro's problems, for a template as it is written | `macro.expand` |
| `sam` | what SAM leaves for the macro | its own translator |
| `rules` | rules for cfn-lint | `problems`, and `sam` where cfn-lint does not run it |
| `configuration` | the `.cfnlintrc` of a project | where this package is installed |

Only `rules` knows cfn-lint. Nothing here says a second time what the macro says.
"""
