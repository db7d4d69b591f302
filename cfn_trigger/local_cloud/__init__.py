"""CloudFormation, Lambda, IAM, S3 and more on this machine, for authors, the demo and the tests.

This is the emulator ministack, which runs as a child process and leaves nothing behind (`cloud`,
`server`). A layer (`layer`) adds what it lacks:

- macros (`requests`, `transforms`, `macro_contract`, `macros`)
- custom resources (`custom_resources`)
- the operations, resources and events of stacks (`operations`, `resource_changes`,
  `nested_stacks`, `stack_events`)
- the errors of Lambda's runtimes, and the times of log lines (`runtimes`, `python_errors`,
  `python_imports`, `function_logs`)
- client contexts of invocations, only for Python functions (`client_contexts`)
- the starts of durable functions, by name (`durable`)
- the addresses of APIs and function URLs (`addresses`)

It refuses to model anything else of AWS: other differences between the emulator and AWS remain, are
listed here, and are covered by other tests.

Macros behave as on AWS, except that:

- CreateStack, UpdateStack and CreateChangeSet respond when the transforms have run. AWS responds at
  once, and the stack or change set waits in the meantime.
- that response also reports the capabilities that an expanded template needs.
- the macro's function is invoked as the root user of the account. AWS requires that the caller has
  `lambda:InvokeFunction`.
- an update with the previous template requires CAPABILITY_AUTO_EXPAND if that template had a macro.
  What AWS does is not documented.
- AWS's own transforms are limited to AWS::Serverless-2016-10-31, AWS::LanguageExtensions and
  AWS::Include inside a section; any other is unknown. Serverless has no list of the account's
  managed policies. AWS::Include runs before all macros, however deep they are.
- a nested stack's template is transformed when the nested stack is deployed, so a change set does
  not show it; GetTemplate returns its processed template for both stages.
- transforms are refused in requests with the JSON protocol, which no AWS client uses here.
- some messages differ from AWS's: for a macro that changes the Parameters section, that could not
  be invoked, or whose name is taken.
- the size of an expanded template is that of compact JSON. How AWS measures it is not documented.

Custom resources behave as on AWS, except that:

- the 4,096 bytes of a response are those of compact JSON.
- an asynchronous invocation that fails is retried after one and two seconds. AWS waits minutes.
- NoEcho in a response does not mask anything.
- a failed Create without a response is deleted with an id that resembles one of CloudFormation's.

Stacks behave as on AWS, except that:

- the resources of a stack change strictly one after another: none is ever canceled.
- a resource is described only once it exists. If it could not be created, it is described only if
  it is a custom resource or a nested stack; for others, a rollback reports nothing.
- with rollback disabled, a custom resource whose update failed receives an Update with the old
  properties at once, in UPDATE_IN_PROGRESS, and stays UPDATE_FAILED without further events. AWS
  documents that it is rolled back, but not when. If the next update fails too and is rolled back,
  the resource returns to its state before that update.
- the change sets of a stack whose creation failed show every resource as new.
- a nested stack that fails does not roll itself back: its parent does, and its own events report
  less.
- after CancelUpdateStack, the rollback waits for the resource that is being updated.
- EXPRESS deployments are ordinary deployments.
- an update that changes the type of a resource is accepted and rolled back. AWS refuses it at once.
- after a first creation or an update that was rolled back, GetTemplate returns the previous
  template for the processed stage too.
- an unresolved `Ref` resolves to its own name, unknown properties are accepted, and the TemplateURL
  of a nested stack must be path-style.

Functions behave as on AWS, except that:

- only Lambda's runtimes for Python and Node.js report errors as on AWS. The trace of Node.js ends
  with the handler's own frame. The exit status of a function that ends its process is missing.
- a lone surrogate in a result or an error fails the request with InternalError.
- a Node.js callback responds at once. On AWS it waits until the handler has nothing left to do.
- a Node.js handler that returns a value without a promise responds with it at once. On AWS this
  depends on the version of Node.js.
- a permission on a function also applies to its aliases and versions. On AWS they have ARNs of
  their own.
- the sizes of packages, payloads and memory are not limited, and every Python runtime is that of
  this machine with its installed packages, which hides a dependency that is missing from a package.
- a durable execution runs the latest code of its function, and is kept until the local cloud ends.
  A synchronous invocation of a durable function returns the SDK's own result at once.
- an EventBridge `rate()` schedule does not fire, and OnSuccess destinations are ignored.
- a function's log appears when its execution ends, FilterLogEvents returns no eventId, and
  LogResult has no START, END and REPORT lines.
"""
