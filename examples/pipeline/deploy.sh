#!/bin/sh
# Builds and uploads the code, creates or updates the stack, and tests it. If anything fails, the exit
# status is not zero, the stack is in its previous state, and the last lines say why.
#
#   ./deploy.sh [STACK]
set -eu
cd "$(dirname "$0")"
stack=${1:-pipeline}

# Prints the stack's events, the latest first, or nothing if there is no stack.
events() {
  aws cloudformation describe-stack-events --stack-name "$stack" --output text \
    --query 'StackEvents[].[EventId, LogicalResourceId, ResourceStatus, ResourceStatusReason]' \
    2>/dev/null || true
}

# A first deployment that fails leaves a stack that can only be deleted.
if [ -n "$(aws cloudformation list-stacks --stack-status-filter ROLLBACK_COMPLETE --output text \
    --query "StackSummaries[?StackName=='$stack'].StackName")" ]; then
  sam delete --stack-name "$stack" --no-prompts
fi

seen=$(events | sed -n 1p | cut -f 1)
sam build
if sam deploy --stack-name "$stack" --no-progressbar; then
  exit 0
fi

echo "$stack was not deployed:" >&2
events | awk -F '\t' -v seen="$seen" '
  $1 == seen { is_old = 1 }
  # What another failure cut short has nothing of its own to say.
  !is_old && $3 ~ /_FAILED$/ && $4 !~ /^Resource (creation|update) cancelled$/ {
    sub(/^Received response status \[FAILED\] from custom resource\. Message returned: /, "", $4)
    sub(/ \(RequestId: [^ )]*\)$/, "", $4)
    said = 1
    print "  " $2 ": " $4
  }
  END { if (!said) print "  the stack was not touched, see above" }
' >&2
exit 1
