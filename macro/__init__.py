"""Template in, template out: a compiler from `Custom::Trigger` to plain CloudFormation.

| stage | module | takes | gives |
|---|---|---|---|
| read | `parse`, `shorthand`, `readers` | a fragment | triggers, and problems of spelling |
| survey | `references` | a fragment | who mentions whom, in one walk |
| judge | `check` | triggers | problems of meaning |
| order | `graph` | triggers, survey | edges, and problems of order |
| date | `fingerprint` | triggers, survey | when each must run again |
| build | `emit`, with `properties` | all of it | resources |

`expand` is these stages in order, `handler` the Lambda envelope around it. Import order is the
architecture: model, errors, shapes, references, then readers, shorthand, parse and fingerprint,
then check and graph, then properties, emit, expand, handler. Beside them are `places`, for who
shows problems, and `risks`, what is allowed and may still surprise. No stage changes what it was
given, reads a clock or calls AWS.
"""
