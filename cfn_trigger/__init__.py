"""`cfn-trigger`: the macro's own stages, for an author at a terminal and for a pipeline.

| module | knows |
|---|---|
| `main` | which subcommands there are |
| `expand`, `check`, `plan`, `graph`, `init`, `run`, `watch`, `local` | one subcommand each: a pure function, a renderer, a thin command |
| `templates` | a template's values and lines |
| `parameters` | the values of parameters, and the files they stand in |
| `transforms` | which transforms run, and in which order |
| `findings` | how a problem is shown |
| `writing` | a template as text, in the author's own words |
| `resolved`, `fates` | what CloudFormation makes of intrinsic functions, and of resources in an update |
| `expanded` | which triggers an expanded template has, and what they run |
| `stacks`, `sides` | what CloudFormation says of a deployed stack, and what is to update it |
| `predictions`, `because` | what an update does with every trigger, and why |
| `live`, `progress` | what AWS says while something runs, and what is told of it |
| `requests`, `invoking` | the request the provider would get, and one invocation of a handler |
| `orders`, `drawing` | who waits for whom, and a layered graph as SVG |
| `screen` | words and colors that the subcommands share |

Nothing here knows the shorthand: the macro does.
"""  # noqa: E501 (a table has no line breaks)
