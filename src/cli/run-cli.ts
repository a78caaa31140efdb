// The whole program as a function: what the user typed and the world around it, in; an exit code, out.
import { AetherError } from '../core/errors.ts'
import { createContext } from './create-context.ts'
import { EXIT, type ExitCode } from './errors/exit-codes.ts'
import { reportError } from './errors/report-error.ts'
import { chooseStyle } from './output/style.ts'
import { readPackageInfo } from './package-info.ts'
import { type HelpText, type Invocation, parseCommandLine } from './parse-command-line.ts'
import { loadSettings } from './settings/load-settings.ts'
import type { World } from './world.ts'

export async function runCli(argv: readonly string[], world: World): Promise<ExitCode> {
  // What reporting goes by until the settings are known: a wrong command line is reported too.
  const { env } = world
  const reporting = {
    json: wanted(argv, '--json', env.AETHERFS_JSON),
    debug: wanted(argv, '--debug', env.AETHERFS_DEBUG),
  }
  try {
    const parsed = await parseCommandLine(argv)
    return 'help' in parsed ? await showHelp(parsed, world) : await runVerb(parsed, world, reporting)
  } catch (error) {
    return report(error, world, reporting)
  }
}

function wanted(argv: readonly string[], flag: string, variable: string | undefined): boolean {
  return argv.includes(flag) || /^(1|true|yes|on)$/i.test(variable ?? '')
}

async function showHelp({ help, wrong }: HelpText, world: World): Promise<ExitCode> {
  await (wrong ? world.stderr : world.stdout).write(help)
  return wrong ? EXIT.usage : EXIT.ok
}

async function runVerb(
  { verb, operands, own, flags, configFile }: Invocation,
  world: World,
  reporting: { json: boolean; debug: boolean },
): Promise<ExitCode> {
  const settings = await loadSettings({ flags, env: world.env, configFile, readsFile: verb.readsConfig ?? true })
  reporting.json = settings.json
  reporting.debug = settings.debug
  const stopper = new AbortController()
  const context = createContext(world, settings, stopper.signal)
  const stopListening = onInterrupt(world, () => {
    context.stopDrawing()
    stopper.abort(new AetherError('cancelled', 'Interrupted')) // the reason that the client passes on
  })
  try {
    const code = await verb.run(context, operands, own)
    await context.out.flush()
    return code ?? EXIT.ok
  } catch (error) {
    // What fails because it was told to stop has nothing to say for itself.
    throw stopper.signal.aborted ? new AetherError('cancelled', 'Interrupted', { cause: error }) : error
  } finally {
    stopListening()
    await context.close()
  }
}

/** The first signal asks for an orderly end; a second one does not wait for it. */
function onInterrupt(world: World, first: () => void): () => void {
  let seen = false
  const listener = () => {
    if (seen) return world.exit(EXIT.interrupted)
    seen = true
    first()
  }
  const ends = (['SIGINT', 'SIGTERM'] as const).map((name) => world.onSignal(name, listener))
  return () => {
    for (const end of ends) end()
  }
}

/** @returns the exit code. */
export async function report(
  error: unknown,
  world: World,
  { json, debug }: { json: boolean; debug: boolean },
): Promise<ExitCode> {
  const lines: string[] = []
  const style = chooseStyle(world.stderr, world.env)
  const code = reportError(error, {
    json,
    debug,
    style,
    bugs: readPackageInfo().bugs,
    write: (line) => lines.push(`${line}\n`),
  })
  await world.stderr.write(lines.join(''))
  return code
}
