"""`python -m cfn_trigger`."""

from cfn_trigger.main import main

main(prog_name="cfn-trigger")
