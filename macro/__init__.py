"""Template in, template out: a compiler from `Custom::Trigger` to plain CloudFormation.

| stage | module | takes | returns |
|---|---|---|---|
| read | `parse`, with `shorthand`, `readers` | a fragment | triggers, and problems of spelling |
| define | `define` | triggers | the functions that they define, as resources |
| survey | `references` | resources | who mentions whom, in one walk |
| add | `additions` | triggers, resources | what a template needs for them, as data |
| check | `check` | the reading so far | problems of meaning |
| order | `ordering` | triggers, survey, additions | edges, and problems of order |
order is the architecture: model, names, errors, secrecy, cloudformation, permissions, references,
canonical, functions, sam_names, versions, then readers, shorthand, parse, additions and
fingerprint, then ordering, grouping, reading, check, risks and watching, then parts, define,
encode, embedding, emit, expand, handler. Beside the stages stands `risks`: what is allowed and may
still surprise. No stage changes its input, reads a clock or calls AWS.
"""
