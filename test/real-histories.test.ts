// Releases of packages that this project uses, from the registry: how real files change from version to version. Where the
// registry does not answer, this says so and is skipped.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdir } from 'node:fs/promises'
import { after, before, describe, it } from 'node:test'
import { promisify } from 'node:util'
import { times } from './testing/thorough.fixture.ts'
import { digestByScript } from './testing/tree.fixture.ts'
import { openWorld, type TestWorld } from './testing/world.fixture.ts'

const run = promisify(execFile)
/** Milliseconds that the registry has to answer. */
const PATIENCE = 20_000

const HISTORIES = {
  commander: ['12.1.0', '13.1.0', '14.0.3', '15.1.0'],
  zod: ['4.6.5', '4.6.6', '4.6.7'],
}

let world: TestWorld
let isFetched: boolean
before(async () => {
  world = await openWorld()
  isFetched = await fetchAll()
})
after(() => world[Symbol.asyncDispose]())

/** All at once, because npm takes longer to start than to fetch. @returns whether they could be had */
async function fetchAll(): Promise<boolean> {
  const packages = Object.entries(HISTORIES).flatMap(([name, versions]) => versions.map((v) => `${name}@${v}`))
  const args = ['pack', ...packages, '--pack-destination', world.folder.path, '--fetch-retries', '0']
  return await run('npm', args, { timeout: PATIENCE }).then(
    () => true,
    () => false,
  )
}

async function unpack(name: string, version: string): Promise<string> {
  const folder = world.at(`${name}-${version}`)
  await mkdir(folder)
  await run('tar', ['-xzf', `${folder}.tgz`, '-C', folder, '--strip-components', '1'])
  return folder
}

describe('releases of a package', () => {
  for (const [name, versions] of Object.entries(HISTORIES)) {
    it(`of ${name} are followed by delta, each of them whole`, async (t) => {
      if (!isFetched) return t.skip('The registry did not give the packages')
      for (const [i, version] of versions.slice(0, times(versions.length, 2)).entries()) {
        const folder = await unpack(name, version)
        const [pushed] = await world.client.push(folder, [`${name}:latest`, `${name}:v${version}`])
        const [pulled] = await world.client.pull(world.at('targets'), [`${name}:latest`])
        const digest = await digestByScript(folder)
        assert.deepEqual([pushed!.digest, pulled!.digest], [digest, digest])
        assert.equal(await digestByScript(`${pulled!.path}/`), digest, `${version} as it was pulled`)
        assert.deepEqual(pulled!.warnings, [])
        if (i > 0) assert.ok(pulled!.deltaBytes > 0, `${version} came without a delta`)
        const { bytes, downloadedBytes, deltaBytes } = pulled!
        const { sentBytes } = pushed!
        t.diagnostic(
          `${version}: ${bytes} bytes; sent ${sentBytes}, received ${downloadedBytes}, of it delta ${deltaBytes}`,
        )
      }
    })
  }
})
