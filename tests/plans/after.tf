# What before.tf becomes; the plan from there to here is change.json.

# Who may do what.
resource "aws_iam_role" "deployer" {
  name                 = "deployer"
  max_session_duration = 7200
  assume_role_policy   = var.readers
}
resource "aws_iam_user" "ci" {
  name = "ci"
  tags = { team = "billing" }
}

# Keys.
resource "aws_kms_key" "described" {
  description = "new"
}
resource "aws_kms_key" "with_policy" {
  description = "data"
  policy      = replace(var.readers, "111122223333", "444455556666")
}
resource "aws_kms_key" "disabled_later" {
  description = "data"
  is_enabled  = false
}
resource "aws_kms_alias" "data" {
  name          = "alias/data"
  target_key_id = "2222"
}

# Buckets.
resource "aws_s3_bucket" "logs" {
  bucket = "logs"
  tags   = { team = "billing" }
}
resource "aws_s3_bucket" "renamed_later" {
  bucket = "new-name"
}
resource "aws_s3_bucket_policy" "logs" {
  bucket = "logs"
  policy = replace(var.readers, "111122223333", "444455556666")
}
resource "aws_s3_bucket_versioning" "logs" {
  bucket = "logs"
  versioning_configuration { status = "Enabled" }
}
resource "aws_s3_bucket_public_access_block" "logs" {
  bucket                  = "logs"
  block_public_acls       = true
  block_public_policy     = false
  ignore_public_acls      = true
  restrict_public_buckets = true
}

# Security groups.
resource "aws_security_group" "opened_later" {
  name        = "web"
  description = "web"
  ingress {
    from_port   = 443
    to_port     = 443
    protocol    = "tcp"
    cidr_blocks = ["0.0.0.0/0"]
  }
}

resource "aws_security_group" "made_now" {
  name        = "batch"
  description = "batch"
}
resource "aws_vpc_security_group_ingress_rule" "made_now" {
  security_group_id = aws_security_group.made_now.id
  ip_protocol       = "tcp"
  from_port         = 22
  to_port           = 22
  cidr_ipv4         = "0.0.0.0/0"
}

# Queues, topics, images.
resource "aws_sqs_queue" "jobs" {
  name                       = "jobs"
  visibility_timeout_seconds = 60
}
resource "aws_sqs_queue" "with_policy" {
  name   = "orders"
  policy = replace(var.readers, "111122223333", "444455556666")
}
moved {
  from = aws_sqs_queue.moved_later
  to   = aws_sqs_queue.mail
}
resource "aws_sqs_queue" "mail" {
  name = "mail"
}
resource "aws_sns_topic" "alarms" {
  name         = "alarms"
  display_name = "Alarms"
}
removed {
  from = aws_sns_topic.forgotten_later
  lifecycle { destroy = false }
}
resource "aws_sns_topic_policy" "alarms" {
  arn    = "arn:aws:sns:eu-west-1:111122223333:alarms"
  policy = replace(var.readers, "111122223333", "444455556666")
}
resource "aws_ecr_repository" "api" {
  name = "api"
  image_scanning_configuration { scan_on_push = true }
}
resource "aws_ecr_repository_policy" "api" {
  repository = "api"
  policy     = replace(var.readers, "111122223333", "444455556666")
}
resource "aws_ecr_lifecycle_policy" "api" {
  repository = "api"
  policy = jsonencode({ rules = [{
    rulePriority = 1
    selection    = { tagStatus = "any", countType = "imageCountMoreThan", countNumber = 9 }
    action       = { type = "expire" }
  }] })
}

# Functions.
resource "aws_lambda_function" "resize" {
  function_name = "resize"
  role          = "arn:aws:iam::111122223333:role/resize"
  package_type  = "Image"
  image_uri     = "111122223333.dkr.ecr.eu-west-1.amazonaws.com/resize:1"
  memory_size   = 256
}
resource "aws_lambda_function" "with_another_role_later" {
  function_name = "mail"
  role          = "arn:aws:iam::111122223333:role/admin"
  package_type  = "Image"
  image_uri     = "111122223333.dkr.ecr.eu-west-1.amazonaws.com/mail:1"
}

# What nobody has to look at, unless it goes away in production.
resource "aws_cloudwatch_log_group" "api" {
  name              = "/api"
  retention_in_days = 30
}
resource "aws_cloudwatch_log_group" "renamed_later" {
  name = "/after"
}
resource "aws_dynamodb_table" "sessions" {
  name         = "sessions"
  billing_mode = "PAY_PER_REQUEST"
  hash_key     = "id"
  tags         = { team = "billing" }
  attribute {
    name = "id"
    type = "S"
  }
}
resource "aws_autoscaling_policy" "web" {
  name                   = "web"
  autoscaling_group_name = "web"
  adjustment_type        = "ChangeInCapacity"
  scaling_adjustment     = 2
}
resource "terraform_data" "version" {
  input = "2"
}
resource "terraform_data" "made_again_later" {
  triggers_replace = "2"
}
module "queue" {
  source   = "./queue"
  for_each = { eu = 30, us = 45 }
  timeout  = each.value
}
output "queues" {
  value = [for queue in module.queue : queue.name]
}
