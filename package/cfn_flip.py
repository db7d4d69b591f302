"""Stand in for cfn_flip in the macro's Lambda package.

troposphere imports it for `to_yaml` alone, which the macro never calls; the real one would bring
PyYAML, click and six along and a third of the cold start. The Makefile copies this file.
"""
