"""The reasons that CloudFormation gives for failures, as people should read them.

Knows the sentence that CloudFormation puts around the reason of a custom resource. Refuses to know
what the reason says.
"""

import re
from typing import Final

_WRAPPED: Final = re.compile(
    r"Received response status \[FAILED\] from custom resource\. Message returned: "
    r"(?P<reason>.*?)(?: \(RequestId: [^()\s]+\))?",
    re.DOTALL,
)


def unwrapped(reason: str) -> str:
    """Return the reason that a custom resource itself gave; any other reason as it is.

    `Received response status [FAILED] from custom resource. Message returned: no such table
    (RequestId: 4f7c)` becomes `no such table`.
    """
    wrapped = _WRAPPED.fullmatch(reason)
    return wrapped["reason"] if wrapped else reason
