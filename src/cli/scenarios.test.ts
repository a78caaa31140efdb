// Runs every scenario in testdata/ against a real hub in this process, whose store is $DIR/store.
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, realpath, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { describe, it } from 'node:test'
import { openStorage } from '../storage/open-storage.ts'
import { createInProcessHub, type InProcessHub } from './testing/in-process-hub.fixture.ts'
import { difference, type Outcome, parseScenario } from './testing/scenario.fixture.ts'
import { splitWords } from './testing/split-words.fixture.ts'
import { createTestClock, createTestWorld, NOON_ISH, type TestClock } from './testing/test-world.fixture.ts'

process.env.TZ = 'UTC'
const FOLDER = new URL('testdata/', import.meta.url)
const NAMES = readdirSync(FOLDER).filter((name) => name.endsWith('.txt'))

interface Stage {
  folder: string
  hub: InProcessHub
  clock: TestClock
}

describe('scenarios', () => {
  assert.ok(NAMES.length > 0, 'there are scenarios')
  for (const name of NAMES) {
    it(name, async () => {
      const folder = await realpath(await mkdtemp(join(tmpdir(), 'aetherfs-scenario-')))
      const clock = createTestClock(NOON_ISH)
      const storage = await openStorage(join(folder, 'store'))
      const hub = await createInProcessHub(clock.now, storage)
      try {
        for (const step of parseScenario(readFileSync(new URL(name, FOLDER), 'utf8'))) {
          const words = splitWords(step.command).map((word) => word.replaceAll('$DIR', folder))
          const different = difference(step, await perform(words, { folder, hub, clock }), folder)
          if (different !== undefined) assert.fail(`${name}, ${different}`)
        }
      } finally {
        await hub.close()
        await storage.close()
        await rm(folder, { recursive: true })
      }
    })
  }
})

async function perform([verb, ...words]: string[], stage: Stage): Promise<Outcome> {
  if (verb === 'aetherfs') return runProgram(words, stage)
  const action = actions[verb as keyof typeof actions]
  assert.ok(action, `a scenario knows no "${verb}"`)
  await action(stage, ...words)
  return { stdout: '', stderr: '', exit: 0 }
}

/** What scenarios can do besides running the program. */
const actions = {
  /** write FILE TEXT: the time of the file is that of the clock. */
  async write({ folder, clock }: Stage, path = '', ...words: string[]) {
    const file = join(folder, path)
    await mkdir(dirname(file), { recursive: true })
    await writeFile(file, `${words.join(' ')}\n`)
    await utimes(file, clock.now() / 1000, clock.now() / 1000)
  },
  /** damage FOLDER: changes a byte in the middle of each file in it. */
  async damage({ folder }: Stage, path = '') {
    const entries = await readdir(join(folder, path), { recursive: true, withFileTypes: true })
    for (const entry of entries.filter((one) => one.isFile())) {
      const file = join(entry.parentPath, entry.name)
      const bytes = await readFile(file)
      bytes[bytes.length >> 1]! ^= 1
      await writeFile(file, bytes)
    }
  },
  remove: ({ folder }: Stage, path = '') => rm(join(folder, path)),
  /** wait SECONDS, on the clock of the scenario. */
  wait: async ({ clock }: Stage, seconds = '') => clock.advance(Number(seconds) * 1000),
}

async function runProgram(argv: string[], { folder, hub, clock }: Stage): Promise<Outcome> {
  const env = { HOME: folder, AETHERFS_CACHE_DIR: join(folder, 'cache') }
  const world = createTestWorld({ env, clock, connect: hub.connect })
  const exit = await world.run(...argv)
  return { stdout: world.stdout.text(), stderr: world.stderr.text(), exit }
}
