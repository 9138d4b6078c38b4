# A plan with risky and harmless changes, for `tests/plans/make`. No account is needed: nothing is read or applied.
terraform {
  required_version = ">= 1.5"
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}

provider "aws" {
  region                      = "eu-west-1"
  access_key                  = "none"
  secret_key                  = "none"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
}

# Harmless: nobody sets a policy.
resource "aws_sqs_queue" "harmless" { name = "harmless" }
resource "aws_kms_key" "harmless" { description = "harmless" }
resource "aws_s3_bucket" "harmless" { bucket = "harmless" }
resource "aws_security_group" "harmless" { name = "harmless" }
resource "aws_cloudwatch_log_group" "harmless" { name = "harmless" }

# Risky.
resource "aws_iam_role" "risky" {
  name               = "risky"
  assume_role_policy = "{}"
}
resource "aws_iam_role_policy_attachment" "risky" {
  role       = aws_iam_role.risky.name
  policy_arn = "arn:aws:iam::aws:policy/ReadOnlyAccess"
}
resource "aws_sqs_queue" "risky" {
  name   = "risky"
  policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Principal = "*", Action = "sqs:*", Resource = aws_sqs_queue.harmless.arn }] })
}
resource "aws_s3_bucket_policy" "risky" {
  bucket = aws_s3_bucket.harmless.id
  policy = "{}"
}
resource "aws_lambda_permission" "risky" {
  action        = "lambda:InvokeFunction"
  function_name = "api"
  principal     = "*"
}
resource "aws_security_group_rule" "risky" {
  type              = "ingress"
  security_group_id = "sg-0123456789abcdef0"
  protocol          = "tcp"
  from_port         = 22
  to_port           = 22
  cidr_blocks       = ["0.0.0.0/0"]
}
