# What is there. Its own plan, from nothing, is create.json.

# Who may do what.
resource "aws_iam_role" "deployer" {
  name               = "deployer"
  assume_role_policy = var.readers
}
resource "aws_iam_policy" "read" {
  name   = "read"
  policy = var.readers
}
resource "aws_iam_role_policy_attachment" "deployer" {
  role       = "deployer"
  policy_arn = "arn:aws:iam::aws:policy/ReadOnlyAccess"
}
resource "aws_iam_user" "ci" {
  name = "ci"
}

# Keys.
resource "aws_kms_key" "described" {
  description = "old"
}
resource "aws_kms_key" "with_policy" {
  description = "data"
  policy      = var.readers
}
resource "aws_kms_key" "disabled_later" {
  description = "data"
}
resource "aws_kms_alias" "data" {
  name          = "alias/data"
  target_key_id = "1111"
}

# Buckets.
resource "aws_s3_bucket" "logs" {
  bucket = "logs"
}
resource "aws_s3_bucket" "renamed_later" {
  bucket = "old-name"
}
resource "aws_s3_bucket_policy" "logs" {
  bucket = "logs"
  policy = var.readers
}
resource "aws_s3_bucket_versioning" "logs" {
  bucket = "logs"
  versioning_configuration { status = "Suspended" }
}
resource "aws_s3_bucket_public_access_block" "logs" {
  bucket                  = "logs"
  block_public_acls       = true
  block_public_policy     = true
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
    cidr_blocks = ["10.0.0.0/8"]
  }
}
resource "aws_security_group" "deleted_later" {
  name        = "old"
  description = "old"
}
resource "aws_vpc_security_group_egress_rule" "deleted_later" {
  security_group_id = "sg-0123456789abcdef0"
  ip_protocol       = "-1"
  cidr_ipv4         = "0.0.0.0/0"
}

# Queues, topics, images.
resource "aws_sqs_queue" "jobs" {
  name                       = "jobs"
  visibility_timeout_seconds = 30
}
resource "aws_sqs_queue" "with_policy" {
  name   = "orders"
  policy = var.readers
}
resource "aws_sqs_queue" "moved_later" {
  name = "mail"
}
resource "aws_sns_topic" "alarms" {
  name = "alarms"
}
resource "aws_sns_topic" "forgotten_later" {
  name = "old-alarms"
}
resource "aws_sns_topic_policy" "alarms" {
  arn    = "arn:aws:sns:eu-west-1:111122223333:alarms"
  policy = var.readers
}
resource "aws_ecr_repository" "api" {
  name = "api"
}
resource "aws_ecr_repository_policy" "api" {
  repository = "api"
  policy     = var.readers
}
resource "aws_ecr_lifecycle_policy" "api" {
  repository = "api"
  policy = jsonencode({ rules = [{
    rulePriority = 1
    selection    = { tagStatus = "any", countType = "imageCountMoreThan", countNumber = 1 }
    action       = { type = "expire" }
  }] })
}

# Functions.
resource "aws_lambda_function" "resize" {
  function_name = "resize"
  role          = "arn:aws:iam::111122223333:role/resize"
  package_type  = "Image"
  image_uri     = "111122223333.dkr.ecr.eu-west-1.amazonaws.com/resize:1"
  memory_size   = 128
}
resource "aws_lambda_function" "with_another_role_later" {
  function_name = "mail"
  role          = "arn:aws:iam::111122223333:role/mail"
  package_type  = "Image"
  image_uri     = "111122223333.dkr.ecr.eu-west-1.amazonaws.com/mail:1"
}
resource "aws_lambda_permission" "deleted_later" {
  action        = "lambda:InvokeFunction"
  function_name = "mail"
  principal     = "events.amazonaws.com"
}

# What nobody has to look at, unless it goes away in production.
resource "aws_cloudwatch_log_group" "api" {
  name              = "/api"
  retention_in_days = 7
}
resource "aws_cloudwatch_log_group" "deleted_later" {
  name = "/old"
}
resource "aws_cloudwatch_log_group" "renamed_later" {
  name = "/before"
}
resource "aws_dynamodb_table" "sessions" {
  name         = "sessions"
  billing_mode = "PAY_PER_REQUEST"
  hash_key     = "id"
  attribute {
    name = "id"
    type = "S"
  }
}
resource "aws_autoscaling_policy" "web" {
  name                   = "web"
  autoscaling_group_name = "web"
  adjustment_type        = "ChangeInCapacity"
  scaling_adjustment     = 1
}
resource "terraform_data" "version" {
  input = "1"
}
resource "terraform_data" "made_again_later" {
  triggers_replace = "1"
}
module "queue" {
  source   = "./queue"
  for_each = { eu = 30, us = 30 }
  timeout  = each.value
}
output "queues" {
  value = [for queue in module.queue : queue.name]
}
