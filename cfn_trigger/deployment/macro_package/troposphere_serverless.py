"""A substitute for troposphere.serverless in the macro's Lambda package.

troposphere imports it for the type of a template's `Globals`, and it imports API Gateway, DynamoDB,
S3 and more. The macro has no `Globals` and builds nothing of SAM's. The real module would add a
tenth to the cold start. The Makefile and `cfn-trigger install` copy this file.
"""


class Globals:
    """The type of a section that the macro never builds."""
