// Plays Jenkins for deploy/jenkins/vars/productionGate.groovy: the steps that it uses, done by a shell. The arguments are the
// library's file and the arguments of its step, NAME=VALUE. What the step deploys is one line on stdout.
import org.codehaus.groovy.control.CompilerConfiguration

abstract class Jenkins extends Script {
  boolean onExecutor = false

  void node(String label, Closure work) {
    onExecutor = true
    try {
      work()
    } finally {
      onExecutor = false
    }
  }

  Map string(Map credential) { credential }

  void withCredentials(List credentials, Closure work) { work() }

  void timeout(Map time, Closure work) { work() }

  // Nothing may be held while it waits.
  void sleep(Map time) {
    if (onExecutor) { throw new IllegalStateException('it sleeps on an executor') }
    System.err.println('waits')
    Thread.sleep(300)
  }

  void unstash(String name) { System.err.println("unstash ${name}") }

  void error(String why) { throw new RuntimeException(why) }

  def sh(String script) { sh(script: script) }

  def sh(Map how) {
    if (!onExecutor) { throw new IllegalStateException('it runs a shell without an executor') }
    Process process = new ProcessBuilder('bash', '-c', how.script).redirectError(ProcessBuilder.Redirect.INHERIT).start()
    String said = process.inputStream.text
    int code = process.waitFor()
    if (how.returnStatus) { return code }
    if (code != 0) { throw new RuntimeException("the shell ended with ${code}") }
    if (how.returnStdout) { return said }
    System.err.print(said)
  }
}

GroovyClassLoader loader = new GroovyClassLoader(Jenkins.classLoader)
loader.parseClass('@interface NonCPS {}')
CompilerConfiguration configuration = new CompilerConfiguration(scriptBaseClass: Jenkins.name)
Script library = new GroovyShell(loader, new Binding(), configuration).parse(new File(args[0]))
Map arguments = args.tail().collectEntries { it.split('=', 2) as List }
try {
  library.call(arguments) { println 'DEPLOYED' }
} catch (RuntimeException error) {
  System.err.println("the build fails: ${error.message}")
  System.exit(1)
}
