"""A substitute for cfn_flip in the macro's Lambda package.

troposphere imports cfn_flip only for `to_yaml`, which the macro never calls. The real package would
add PyYAML, click and six, and a third of the cold start. The Makefile and `cfn-trigger install`
copy this file.
"""
