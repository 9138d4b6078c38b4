variable "timeout" {
  type = number
}
resource "aws_sqs_queue" "part" {
  name_prefix                = "part"
  visibility_timeout_seconds = var.timeout
}
resource "aws_sqs_queue_policy" "part" {
  queue_url = "https://sqs.eu-west-1.amazonaws.com/111122223333/part"
  policy    = jsonencode({ Version = "2012-10-17", Statement = [{ Sid = "for${var.timeout}seconds", Effect = "Allow", Principal = "*", Action = "sqs:*", Resource = "*" }] })
}
output "name" {
  value = aws_sqs_queue.part.name
}
