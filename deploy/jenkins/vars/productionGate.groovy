// A step of a shared library: deploys only what cm-bot's gate lets through. No executor is held while it waits.
//
//   productionGate(service: 'billing-api', environment: 'prod-us', repository: 'acme/billing-api',
//                  branch: 'main', commit: env.GIT_COMMIT, credentialsId: 'cm-bot-gate') {
//     sh './deploy-it'
//   }
//
// `plan: 'plan.json'` names what `terraform show -json` wrote, from a stash called `cm-bot-plan`: a risky plan waits for people,
// and no other one is let through.
//
// The credential is a secret text: the token of this job. CM_BOT_URL is a variable of Jenkins; agents need cm-bot.
def call(Map args, Closure deploy) {
  String change = ''
  onAgent(args) {
    String said = sh(returnStdout: true, script: "cm-bot gate request --json ${requested(args)} || true")
    change = field(said, 'id')
    if (change && args.plan) {
      unstash 'cm-bot-plan'
      int code = sh(returnStatus: true, script: "cm-bot gate plan ${quoted(change)} ${quoted(args.plan)}")
      if (code != 0 && code != 3) {
        error("The gate could not judge the plan (exit code ${code}). Nothing is deployed.")
      }
    }
  }
  if (!change) {
    error('The gate has taken no request. Nothing is deployed.')
  }
  timeout(time: args.hours ?: 24, unit: 'HOURS') {
    while (!isApproved(args, change)) {
      sleep(time: 30, unit: 'SECONDS')
    }
  }
  onAgent(args) {
    String plan = ''
    if (args.plan) {
      unstash 'cm-bot-plan'
      plan = "--plan ${quoted(args.plan)}"
    }
    int code = sh(returnStatus: true, script: "cm-bot gate consume ${quoted(change)} ${plan}")
    if (code != 0) {
      error("The gate lets nothing through (exit code ${code}). Nothing is deployed.")
    }
    String outcome = 'failed'
    try {
      deploy()
      outcome = 'succeeded'
    } finally {
      sh "cm-bot gate finish ${quoted(change)} --outcome ${outcome}"
    }
  }
}

// Whether there is an approval. A decision against it ends the build; everything else is waited out.
private boolean isApproved(Map args, String change) {
  String state = ''
  onAgent(args) {
    state = field(sh(returnStdout: true, script: "cm-bot gate status --json ${quoted(change)} || true"), 'state')
  }
  if (state in ['declined', 'withdrawn', 'used_by_another', 'failed', 'rolled_back']) {
    error("The change is ${state}. Nothing is deployed.")
  }
  if (state in ['succeeded', 'unreported']) {
    error("This build was let through before (${state}). Nothing is deployed.")
  }
  return state == 'approved'
}

private void onAgent(Map args, Closure work) {
  node(args.label ?: '') {
    withCredentials([string(credentialsId: args.credentialsId, variable: 'CM_BOT_TOKEN')]) {
      work()
    }
  }
}

private String requested(Map args) {
  Map options = [service: args.service, environment: args.environment, repository: args.repository,
                 ref: "refs/heads/${args.branch}".toString(), commit: args.commit, artifact: args.artifact]
  return options.findAll { it.value }.collect { "--${it.key} ${quoted(it.value)}" }.join(' ')
}

// A text as one word of the shell.
private String quoted(String text) {
  return "'" + text.replace("'", "'\\''") + "'"
}

// A text field of a JSON object that cm-bot has written.
@NonCPS
private String field(String json, String name) {
  def found = (json =~ /"${name}":"([A-Za-z0-9_-]+)"/)
  return found.find() ? found.group(1) : ''
}
