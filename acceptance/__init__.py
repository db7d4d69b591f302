"""What a real AWS account can show: that the promises hold, and how AWS answers open questions.

`make acceptance` runs it in the account of the current credentials, with consent. Nothing that
is installed knows it.

- `__main__`: asks for consent, and removes everything in the end
- `kit`: the order of a run
- `account`: stacks, logs and their removal, for all that follows
- `macro`: the macro and the examples, deployed by `sam`
- `promises`: what must hold, step by step, in the life of one stack
- `probes`: the questions to AWS, each asked by a small stack
- `connection`: one connection that stays idle
- `answers`: AWS's answers without account ids, and the page that lists them
"""
