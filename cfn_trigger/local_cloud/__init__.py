"""CloudFormation, Lambda, IAM, S3 and more on this machine, for the demo and the tests.

It is the emulator ministack, run as a child process that leaves nothing behind (`cloud`,
`server`), with what it lacks put in: macros (`transforms`, `macros`, `layer`), the client
context of an invocation (`contexts`, for Python functions alone), and the addresses of APIs and
function URLs (`addresses`). It refuses to be a model of AWS
in anything else: what the emulator does otherwise than AWS stays as it is, is listed here, and is
covered by other tests.

Macros, as AWS except that:

- CreateStack and UpdateStack answer a failed transform with a ValidationError; AWS makes the
  stack and rolls it back.
- CreateChangeSet answers when the transforms have run, and the change set is then complete; AWS
  answers at once and goes on.
- the macro's function is invoked as the account's root; AWS needs `lambda:InvokeFunction` of the
  caller.
- an update with the previous template needs CAPABILITY_AUTO_EXPAND if that template had a macro;
  what AWS does is not documented.
- of AWS's own transforms there are AWS::Serverless-2016-10-31, AWS::LanguageExtensions and
  AWS::Include inside a section; any other is unknown. Serverless has no list of the account's
  managed policies. A macro inside a section (`Fn::Transform`) does not run.
- a nested stack's template is transformed when the nested stack is deployed, so that a change set
  does not show it; GetTemplate shows its processed template for both stages.
- transforms on requests in the JSON protocol, which no AWS client speaks here, are refused.
- the words for a macro that changes the Parameters section, that could not be invoked, or whose
  name is taken are ours.
- an expanded template is measured as compact JSON; how AWS measures it is not documented.

The emulator, otherwise than AWS:

- after a failed Create the failed resource gets no Delete.
- a custom resource's answer may be longer than 4,096 bytes and lack a PhysicalResourceId.
- the function of a custom resource is called once, synchronously, and ServiceTimeout counts after
  it has returned; without one, a function that dies at import holds the deployment for an hour.
- the event of a custom resource has no ServiceToken at its top.
- an error payload has always the errorType `Runtime.HandlerError` and no stackTrace.
- the resources of a stack are made strictly one after another.
- a permission on a function counts for its aliases and versions; on AWS they have their own ARN.
- NoEcho of a custom resource's answer is not masked, and failure reasons lack AWS's prefix.
- the sizes of packages, payloads and memory are not limited, and every Python runtime is this
  machine's own with its installed packages: a dependency missing from a package is hidden.
- an EventBridge `rate()` schedule does not fire, and OnSuccess destinations are ignored.
- an unresolved `Ref` is its own name, unknown properties are accepted, and a nested stack's
  TemplateURL must be path-style.
- after a first creation or an update that was rolled back, GetTemplate gives the template from
  before for the processed one too.
- a function has its log once an execution is over, FilterLogEvents gives no eventId, and LogResult
  has no START, END and REPORT lines.
"""
