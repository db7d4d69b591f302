"""Template in, template out: a compiler from `Custom::Trigger` to plain CloudFormation.

| stage | module | takes | returns |
|---|---|---|---|
| read | `parse`, with `shorthand`, `readers` | a fragment | triggers, and problems of spelling |
| define | `define` | triggers | the functions that they define, as resources |
| survey | `references` | resources | who mentions whom, in one walk |
| add | `additions` | triggers, resources | what a template needs for them, as data |
| check | `check` | the reading so far | problems of meaning |
| order | `ordering` | triggers, survey, additions | edges, and problems of order |
| limit | `concurrency`, with `precedence` | order | the order, with few triggers at once |
| undo | `undo` | triggers, order | what undoes them, and what waits for that |
| group | `grouping`, with `permissions` | additions, order | which handlers share a policy |
| fingerprint | `fingerprint` | triggers, order | what makes each run again |
| build | `emit`, with `encode`, `parts` | the reading, fingerprints | the expanded fragment |
| embed | `embedding` | the expanded fragment | the same, with the provider's code |

`expand` runs these stages in order. Its `read` runs those before fingerprints and returns a
`Reading`, which everything else uses; its `build` turns that into the fragment. `handler` is the
Lambda envelope around both. Import order is the architecture: model, names, errors, secrecy,
cloudformation, permissions, references, canonical, functions, sam_names, versions, relay, then
readers, shorthand, parse, additions and fingerprint, then ordering, precedence, concurrency,
grouping and undo, reading, check, risks and watching, then parts, define, encode, embedding, emit,
expand, handler. `risks` is not a stage: it finds what is allowed but may surprise. No stage changes
its input, reads a clock or calls AWS.
"""
