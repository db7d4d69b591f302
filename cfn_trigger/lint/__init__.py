"""Problems of templates for linters, and the shorthand for editors.

| module | provides | from |
|---|---|---|
| `schema` | JSON Schemas for editors | the definition in `macro.shorthand` |
| `reference` | the schemas as files, and the tables of the documentation | the same definition |
| `secret_attributes` | the macro's table of what is secret | cfn-lint's and botocore's schemas |
| `problems` | the macro's problems, for a template as it is written | `macro.expand` |
| `rules` | rules for cfn-lint | `problems` |
| `cfn_lint` | the findings of cfn-lint, with these rules | cfn-lint, and a project's `.cfnlintrc` |
| `checked_file` | every problem of a file, at the author's lines | `problems` and `cfn_lint` |
| `configuration` | the `.cfnlintrc` of a project | the place where this package is installed |

Only `rules` and `cfn_lint` know cfn-lint's rules. Nothing here repeats what the macro defines.
"""
