// That steps are what they say: tests of crashes are worth as much as this.
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { describe, it } from 'node:test'
import { type Outcome, runProgram } from '../program.fixture.ts'
import { temporaryFolder } from '../temporary-folder.fixture.ts'
import { type Act, readTrace, stepEnv, type Trace } from './step-plan.fixture.ts'

const PROGRAM = `
import { closeSync, createReadStream, existsSync, openSync, readFileSync, renameSync, rmSync, writeFileSync, writev } from 'node:fs'
import { appendFile, mkdir, open } from 'node:fs/promises'
import { promisify } from 'node:util'
import { isMainThread, Worker } from 'node:worker_threads'
if (!isMainThread) {
  readFileSync('sync')
  process.exit()
}
process.chdir(process.argv[2])
writeFileSync('sync', '0123456789')
await appendFile('promise', '0123456789')
const fd = openSync('callback', 'wx')
await promisify(writev)(fd, [Buffer.from('01234'), Buffer.from('56789')], 0)
closeSync(fd)
const file = await open('handle', 'w')
await file.write(Buffer.from('0123456789'), 0, 10, 0)
await file.sync()
await file.close()
for await (const _ of createReadStream('handle'));
renameSync('handle', 'renamed-0123456789abcdef')
await mkdir('folder/below', { recursive: true })
writeFileSync('folder/below/a', '')
writeFileSync('folder/b', '')
rmSync('folder', { recursive: true })
if (existsSync('callback')) console.log('seen')
await new Promise((resolve) => new Worker(new URL(import.meta.url)).on('exit', resolve))
console.log('done')
`

interface Run extends Outcome, Trace {
  read(name: string): string | undefined
}

async function run(act?: Act): Promise<Run> {
  await using folder = await temporaryFolder()
  const [main, trace, sandbox] = [folder.at('main.mjs'), folder.at('trace'), folder.at('sandbox')]
  await mkdir(sandbox)
  await writeFile(main, PROGRAM)
  const env = stepEnv({ box: sandbox }, { trace, act })
  const outcome = await runProgram([sandbox], { home: folder.path, main, env })
  const names = ['sync', 'promise', 'callback', 'handle', 'renamed-0123456789abcdef', 'folder/b', 'folder/below/a']
  const texts = new Map(
    names.map((name) => [
      name,
      existsSync(`${sandbox}/${name}`) ? readFileSync(`${sandbox}/${name}`, 'utf8') : undefined,
    ]),
  )
  return { ...outcome, ...readTrace(trace), read: (name) => texts.get(name) }
}

describe('steps of the file system', () => {
  it('are all calls, on every thread, by call and path without what chance has put there', async () => {
    const { exit, stdout, stderr, steps, acted } = await run()
    assert.deepEqual([exit, stdout, acted], [0, 'seen\ndone\n', false], stderr)
    const sites = steps.map(({ site }) => site)
    for (const site of [
      'writeFile box/sync',
      'appendFile box/promise',
      'open:w box/callback',
      'writev box/callback',
      'write box/handle',
      'sync box/handle',
      'close box/handle',
      'open box/handle',
      'read box/handle',
      'rename box/handle > box/renamed-#',
      'mkdir box/folder/below',
      'rm box/folder',
      'exists box/callback',
      'thread readFile box/sync',
    ])
      assert.ok(sites.includes(site), `${site} is none of ${sites.join(', ')}`)
  })

  const kills: [site: string, file: string, amid: string | undefined][] = [
    ['writeFile box/sync', 'sync', '01234'],
    ['appendFile box/promise', 'promise', '01234'],
    ['writev box/callback', 'callback', '01234'],
    ['write box/handle', 'handle', '01234'],
    ['rename box/handle > box/renamed-#', 'renamed-0123456789abcdef', undefined],
  ]
  for (const [site, name, amid] of kills) {
    it(`ends the program before, in and after "${site}"`, async () => {
      const [before, after] = await Promise.all((['before', 'after'] as const).map((how) => run({ site, nth: 1, how })))
      assert.deepEqual([before!.signal, before!.read(name) || undefined], ['SIGKILL', undefined])
      assert.deepEqual([after!.signal, after!.read(name)], ['SIGKILL', '0123456789'])
      if (amid === undefined) return
      const half = await run({ site, nth: 1, how: 'amid' })
      assert.deepEqual([half.signal, half.read(name), half.acted], ['SIGKILL', amid, true])
    })
  }

  it('leaves a part of a folder that is being removed', async () => {
    const { read } = await run({ site: 'rm box/folder', nth: 1, how: 'amid' })
    assert.equal(['folder/b', 'folder/below/a'].filter((name) => read(name) !== undefined).length, 1)
  })

  it('lets a step fail as Node tells it', async () => {
    const failing = { site: 'rename box/handle > box/renamed-#', nth: 1, how: 'fail', code: 'EROFS' } as const
    const { exit, stderr, read } = await run(failing)
    assert.equal(exit, 1)
    assert.match(stderr, /Error: EROFS: read-only file system, rename '.*handle' -> '.*renamed-0123456789abcdef'/)
    assert.match(stderr, /errno: -30,\s+code: 'EROFS',\s+syscall: 'rename'/)
    assert.equal(read('handle'), '0123456789')
  })
})
