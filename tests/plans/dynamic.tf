# Blocks that are made in a loop: the configuration that a plan repeats leaves them out.
resource "terraform_data" "after_apply" { input = timestamp() }

# Nobody knows before the apply whether the block is there.
resource "aws_s3_access_point" "made_in_an_unknown_loop" {
  bucket = "logs"
  name   = "logs"
  dynamic "public_access_block_configuration" {
    for_each = terraform_data.after_apply.output == "" ? [] : ["one"]
    content { block_public_policy = false }
  }
}
resource "aws_s3_access_point" "plain" {
  bucket = "logs"
  name   = "plain"
}

resource "aws_s3_bucket" "granted_in_a_loop" {
  bucket = "granted"
  dynamic "grant" {
    for_each = ["READ"]
    content {
      type        = "Group"
      permissions = [grant.value]
      uri         = "http://acs.amazonaws.com/groups/global/AllUsers"
    }
  }
}
resource "aws_s3_bucket" "plain" {
  bucket = "plain"
}
