"""The provider: the Lambda function that runs triggers inside the author's stack."""
