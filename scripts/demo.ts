// npm run demo: the main job from end to end on this machine. Starts a hub, pushes a data set, changes 1 % of it, pushes
// and pulls again, shows what moved, checks every file, and leaves the hub running to play with. --once: ends after the
// check, with 0 only when all is well.
import { rmSync } from 'node:fs'
import { mkdir, mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { aetherfs, type Environment, type Hub, startHub } from './demo/aetherfs.ts'
import { changeDataSet } from './demo/change-data-set.ts'
import { checkDatabase } from './demo/check-database.ts'
import { compareHashes, hashFolder } from './demo/hash-folder.ts'
import { DATABASE, makeDataSet, ROWS } from './demo/make-data-set.ts'
import { type Moved, pullStep, pushStep, stepTable } from './demo/steps.ts'
import { whatNext } from './demo/what-next.ts'

const SEED = 20_261_122

interface Stage {
  /** All that the demo makes lies in here. */
  folder: string
  source: string
  consumer: string
  env: Environment
}

const once = process.argv.includes('--once')
const stage = await prepareStage()
process.on('exit', () => rmSync(stage.folder, { recursive: true, force: true }))
const hub = await startHub(`file://${join(stage.folder, 'store')}`, stage.env)
const stopping = stopOnSignals(hub)
try {
  stage.env.AETHERFS_HOST = new URL(hub.url).host
  const problems = await perform(stage)
  for (const problem of problems) console.error(`wrong: ${problem}`)
  console.log(
    problems.length === 0
      ? 'Checked: every file is what was pushed, and both databases are whole.'
      : 'The check failed.',
  )
  process.exitCode = problems.length === 0 ? 0 : 1
  if (!once && problems.length === 0) {
    console.log(whatNext(hub.url, stage))
    await hub.ended
  }
} catch (error) {
  // Children that a Ctrl-C ended along with us are no failure of theirs.
  if (!stopping.aborted) throw error
  process.exitCode = 130
} finally {
  await hub.stop()
}

/** A place of its own for everything: neither settings nor caches of whoever runs this have a part in it. */
async function prepareStage(): Promise<Stage> {
  const folder = await mkdtemp(join(tmpdir(), 'aetherfs-demo-'))
  const own = Object.entries(process.env).filter(([name]) => !/^(AETHERFS_|XDG_|NODE_COMPILE_CACHE)/.test(name))
  const env = {
    ...Object.fromEntries(own),
    XDG_CACHE_HOME: join(folder, 'cache'),
    XDG_CONFIG_HOME: join(folder, 'config'),
  }
  const stage = { folder, source: join(folder, 'source'), consumer: join(folder, 'consumer'), env }
  await mkdir(stage.source)
  return stage
}

async function perform({ source, consumer, env }: Stage): Promise<string[]> {
  console.log('Making a data set: a SQLite database, a CSV and some hundred small files …')
  await makeDataSet(source, SEED)
  const first = await hashFolder(source)
  const steps: Moved[] = [
    await pushStep('push geo:v1', aetherfs(['push', source, '-t', 'geo:v1', '-t', 'geo:latest'], env)),
  ]
  steps.push(await pullStep('pull geo:v1', aetherfs(['pull', consumer, 'geo:v1'], env)))

  console.log('Changing 1 % of the rows, the lines and the files …')
  await changeDataSet(source, SEED + 1)
  const second = await hashFolder(source)
  steps.push(await pushStep('push geo:v2', aetherfs(['push', source, '-t', 'geo:v2', '-t', 'geo:latest'], env)))
  steps.push(await pullStep('pull geo:latest', aetherfs(['pull', consumer, 'geo:latest'], env)))
  steps.push(await pushStep('push geo:v2 again', aetherfs(['push', source, '-t', 'geo:v2'], env)))
  console.log(`\n${stepTable(steps).join('\n')}\n`)

  return [
    ...(await check(join(consumer, 'geo', 'v1'), first)),
    ...(await check(join(consumer, 'geo', 'latest'), second)),
  ]
}

async function check(folder: string, expected: Map<string, string>): Promise<string[]> {
  const wrong = compareHashes(expected, await hashFolder(folder)).map((problem) => `${folder}: ${problem}`)
  return wrong.length > 0 ? wrong : checkDatabase(join(folder, DATABASE), ROWS)
}

/** Aborted once somebody wants the demo to end. Everything then unwinds, and the folder goes. */
function stopOnSignals(running: Hub): AbortSignal {
  const stop = new AbortController()
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => {
      stop.abort()
      void running.stop()
    })
  }
  return stop.signal
}
