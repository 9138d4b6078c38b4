#!/usr/bin/env bash
# Asks cm-bot's gate and waits for the answer. Exit code 0 is the only yes; the change's id is the last line of stdout.
#
#   id=$(deploy/gate.sh open --service billing-api --environment prod-us) && ./deploy-it
#   deploy/gate.sh close "$id" succeeded        # or failed, rolled_back
#
# With CM_BOT_PLAN, a file that `terraform show -json` wrote, the gate judges that plan, waits for people when it is risky, and
# lets this plan through and no other:
#
#   terraform plan -out plan.tf && terraform show -json plan.tf > plan.json
#   id=$(CM_BOT_PLAN=plan.json deploy/gate.sh open --service network --environment prod-us) && terraform apply plan.tf
#
# CM_BOT_URL says where cm-bot is; CM_BOT_TOKEN (or the token of the run, on GitHub Actions) says who asks.
# CM_BOT_TIMEOUT is how long to wait for a decision (4h). The program cm-bot must be on the PATH.
set -uo pipefail

open() {
  local said code id
  said=$(cm-bot gate request "$@")
  code=$?
  printf '%s\n' "$said" >&2
  id=$(printf '%s\n' "$said" | sed -n 's/^  id  *//p')
  if [ -z "$id" ]; then
    # Nothing was requested: the code says why, and it is no yes whatever it is.
    [ "$code" -ne 0 ] && exit "$code"
    exit 1
  fi
  case $code in
    0 | 3 | 4) ;;
    *) exit "$code" ;;
  esac
  if [ -n "${CM_BOT_PLAN:-}" ]; then
    cm-bot gate plan "$id" "$CM_BOT_PLAN" >&2
    code=$?
    case $code in
      0 | 3) ;; # A risky plan waits for people.
      *) exit "$code" ;;
    esac
  fi
  # A change that is blocked or waits may still be approved; one that is approved is not waited for.
  cm-bot gate wait "$id" --timeout "${CM_BOT_TIMEOUT:-4h}" >&2 || exit $?
  cm-bot gate consume "$id" ${CM_BOT_PLAN:+--plan "$CM_BOT_PLAN"} >&2 || exit $?
  printf '%s\n' "$id"
}

case ${1:-} in
  open) shift; open "$@" ;;
  close) cm-bot gate finish "$2" --outcome "$3" >&2 ;;
  *) echo "usage: gate.sh open --service NAME --environment NAME [...] | close ID OUTCOME" >&2; exit 2 ;;
esac
