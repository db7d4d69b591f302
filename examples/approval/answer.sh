#!/bin/sh
# Answers the question that a deployment waits for. The first answer counts; a second one fails.
#
#   ./answer.sh STACK yes|no
set -eu
stack=$1
case $2 in
  yes | no) answer=$2 ;;
  *) echo "answer yes or no" >&2 && exit 2 ;;
esac

table=$(aws cloudformation describe-stack-resource --stack-name "$stack" --output text \
  --logical-resource-id Answers --query StackResourceDetail.PhysicalResourceId)
who=$(aws sts get-caller-identity --query Arn --output text)

aws dynamodb update-item --table-name "$table" \
  --key '{"Id": {"S": "question"}}' \
  --condition-expression 'attribute_exists(Execution) AND attribute_not_exists(Answer)' \
  --update-expression 'SET Answer = :answer, Who = :who' \
  --expression-attribute-values "{\":answer\": {\"S\": \"$answer\"}, \":who\": {\"S\": \"$who\"}}"
echo "$answer, $who" >&2
