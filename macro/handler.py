"""The Lambda entry: the envelope CloudFormation sends a macro, and the one it wants back.

Knows Lambda and the macro protocol. Refuses to know templates. It holds the one `try`: an
exception that escaped would reach the author as "malformed response" and nothing more.
"""

import logging
import os
from collections.abc import Mapping
from typing import Final

from macro import check
from macro.cloudformation import BODY_LIMIT
from macro.errors import TemplateError
from macro.expand import expand
from macro.model import Deployment, Json
from macro.risks import risks

_LOG: Final = logging.getLogger(__name__)
PROVIDER_LAYER: Final = "PROVIDER_LAYER_ARN"
"""The variable with the ARN of the layer that has the provider's code; its stack sets it."""


def handler(event: Mapping[str, Json], _context: object) -> dict[str, Json]:
    """Answer CloudFormation: `{requestId, status, fragment}`, or `errorMessage` with a failure.

    Event and answer: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-macros-author.html
    """
    request_id = event["requestId"]
    try:
        deployment = Deployment(
            parameters=event.get("templateParameterValues") or {},
            request_id=request_id,
            settings=event.get("params") or {},
            provider_layer=os.environ.get(PROVIDER_LAYER, ""),
        )
        expansion = expand(event["fragment"], deployment)
        if too_large := tuple(check.size_limit(size := expansion.size)):
            raise TemplateError(too_large)  # noqa: TRY301 (as all problems of a template)
        warnings = tuple(risks(expansion.reading))
    except TemplateError as error:
        return {"requestId": request_id, "status": "failure", "errorMessage": str(error)}
    except Exception:  # noqa: BLE001 (CloudFormation would only say "malformed response")
        _LOG.exception("expanding failed, request %s", request_id)
        message = f"cfn-trigger failed on this template; please report it with request {request_id}"
        return {"requestId": request_id, "status": "failure", "errorMessage": message}
    for warning in warnings:
        _LOG.warning("%s", warning)
    fragment = expansion.fragment
    if size > BODY_LIMIT:
        _LOG.warning(
            "expands to %s bytes; CloudFormation accepts %s in a request, so pass it through S3",
            size,
            BODY_LIMIT,
        )
    return {"requestId": request_id, "status": "success", "fragment": fragment}
