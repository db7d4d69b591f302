"""CloudFormation, Lambda, IAM, S3 and more on this machine, for the demo and the tests.

It is the emulator ministack, run as a child process that leaves nothing behind (`cloud`,
`server`), with what it lacks put in (`layer`): macros (`requests`, `transforms`, `macros`), custom
resources (`custom_resources`), the course, the resources and the events of stacks (`operations`,
`resource_changes`, `nested_stacks`, `stack_events`), the errors of Lambda's runtimes (`runtimes`),
the client context of an invocation (`client_contexts`, for Python functions alone), and the
addresses of APIs and function URLs (`addresses`). It refuses to be a model of AWS in anything else:
what the emulator does otherwise than AWS stays as it is, is listed here, and is covered by other
tests.

Macros, as AWS except that:

- CreateStack, UpdateStack and CreateChangeSet answer when the transforms have run; AWS answers at
  once and goes on, and a stack or change set waits in between.
- the capabilities that an expanded template needs are asked for in that answer.
- the macro's function is invoked as the account's root; AWS needs `lambda:InvokeFunction` of the
  caller.
- an update with the previous template needs CAPABILITY_AUTO_EXPAND if that template had a macro;
  what AWS does is not documented.
- of AWS's own transforms there are AWS::Serverless-2016-10-31, AWS::LanguageExtensions and
  AWS::Include inside a section; any other is unknown. Serverless has no list of the account's
  managed policies. AWS::Include runs before all macros, however deep these are.
- a nested stack's template is transformed when the nested stack is deployed, so that a change set
  does not show it; GetTemplate shows its processed template for both stages.
- transforms on requests in the JSON protocol, which no AWS client speaks here, are refused.
- the words for a macro that changes the Parameters section, that could not be invoked, or whose
  name is taken are ours.
- an expanded template is measured as compact JSON; how AWS measures it is not documented.

Custom resources, as AWS except that:

- the 4,096 bytes of a response are counted in compact JSON.
- an asynchronous invocation that fails is retried after one and two seconds; AWS waits minutes.
- NoEcho of a response is not masked.
- a failure of Create without a response is deleted with an id like one of CloudFormation's.

Stacks, as AWS except that:

- the resources of a stack are changed strictly one after another: none is cancelled.
- a resource that is being created is not described before it is there, and one that could not be
  created only if it is a custom resource or a nested stack; of others a rollback tells nothing.
- with rollback disabled, a custom resource whose update failed is sent an Update with the old
  properties at once, in UPDATE_IN_PROGRESS, and stays UPDATE_FAILED without further events. AWS
  documents that it is taken back, not when. If the next update fails too and is rolled back, it
  goes back to what that one found.
- the change sets of a stack whose creation failed show every resource as new.
- a nested stack that fails does not roll back itself: its parent does, and its own events tell
  less.
- CancelUpdateStack waits for the resource that is being updated.
- EXPRESS deployments are ordinary ones.
- after a first creation or an update that was rolled back, GetTemplate gives the template from
  before for the processed one too.
- an unresolved `Ref` is its own name, unknown properties are accepted, and a nested stack's
  TemplateURL must be path-style.

Functions, as AWS except that:

- the errors are those of Lambda's runtimes for Python and Node.js alone. The trace of Node.js ends
  with the handler's own frame. A function that ends its process does not say with which status.
- a Node.js handler that is no promise and returns a value answers it at once; on AWS it depends on
  the version of Node.js.
- a permission on a function counts for its aliases and versions; on AWS they have their own ARN.
- the sizes of packages, payloads and memory are not limited, and every Python runtime is this
  machine's own with its installed packages: a dependency missing from a package is hidden.
- an EventBridge `rate()` schedule does not fire, and OnSuccess destinations are ignored.
- a function has its log once an execution is over, FilterLogEvents gives no eventId, and LogResult
  has no START, END and REPORT lines.
"""
