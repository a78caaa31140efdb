// A hub that is not there, goes away in the middle, or has a store that it cannot use. The same command completes when it
// is back.
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { chmod, chown, mkdir, writeFile } from 'node:fs/promises'
import { describe, it } from 'node:test'
import { createFolderStorage } from '../../src/storage/folder.ts'
import { cli } from '../testing/cli.fixture.ts'
import { openCliWorld } from '../testing/cli-world.fixture.ts'
import { portOf, startHubProcess } from '../testing/hub-process.fixture.ts'
import { runProgram } from '../testing/program.fixture.ts'
import { createRandom, randomBytesOf } from '../testing/random.fixture.ts'
import { checkTagsComplete } from '../testing/stored.fixture.ts'
import { type TemporaryFolder, temporaryFolder } from '../testing/temporary-folder.fixture.ts'
import { times } from '../testing/thorough.fixture.ts'
import { file, treeOf, writeTree } from '../testing/tree.fixture.ts'

const MB = 1_000_000

describe('a hub that is not there', () => {
  it('ends every command with 8 and says how to start one', async () => {
    await using folder = await temporaryFolder()
    await writeTree(folder.at('source'), { a: file('a') })
    const options = { host: '127.0.0.1:1', home: folder.path }
    const commands = [
      ['push', folder.at('source'), '-t', 'geo'],
      ['pull', folder.at('target'), 'geo'],
      ['ls'],
      ['show', 'geo'],
    ]
    for (const command of commands) {
      const { exit, stderr } = await cli(command, options)
      assert.equal(exit, 8, command.join(' '))
      assert.match(stderr, /^aetherfs: Cannot reach the hub 127.0.0.1:1: .*\nhint: Is the hub running\? "aetherfs run"/)
    }
    assert.ok(!existsSync(folder.at('target/geo')))
  })
})

describe('a hub that is killed', () => {
  it('in the middle of a push or a pull leaves nothing half done', async () => {
    const random = createRandom()
    console.log(`seed ${random.seed}`)
    await using folder = await temporaryFolder()
    await writeTree(folder.at('v0'), { a: file('version 0') })
    let hub = await startHubProcess({ store: folder.at('store'), home: folder.path })
    const port = portOf(hub)
    const run = (...argv: string[]) => cli(argv, { host: hub.host, home: folder.path })
    const exits: number[] = []
    assert.equal((await run('push', folder.at('v0'), '-t', 'geo')).exit, 0)
    assert.equal((await run('pull', folder.at('target'), 'geo')).exit, 0)

    for (let round = 1; round <= times(2, 1); round++) {
      const [before, source] = [folder.at(`v${round - 1}`), folder.at(`v${round}`)]
      await writeTree(source, { a: file(`version ${round}`), b: file(randomBytesOf(10 * MB, round)) })
      for (const command of [
        ['push', source, '-t', 'geo'],
        ['pull', folder.at('target'), 'geo'],
      ]) {
        const running = run(...command)
        setTimeout(() => hub.program.process.kill('SIGKILL'), random.int(20, 350))
        exits.push((await running).exit)
        await hub.program.outcome
        const seen = await treeOf(folder.at('target/geo/latest/'))
        const allowed = [before, ...(exits.at(-1) === 0 ? [source] : [])]
        assert.ok(await isOneOf(seen, allowed), `round ${round}, ${command[0]}`)
        await checkTagsComplete(await createFolderStorage(folder.at('store')))
        hub = await startHubProcess({ store: folder.at('store'), home: folder.path, port })
        const again = await run(...command)
        assert.equal(again.exit, 0, again.stderr)
      }
      assert.deepEqual(await treeOf(folder.at('target/geo/latest/')), await treeOf(source))
    }
    await hub.kill()
    assert.ok(
      exits.every((exit) => exit === 0 || exit === 8),
      `exit codes ${exits}`,
    )
    assert.ok(exits.includes(8), 'no command was interrupted')
  })
})

async function isOneOf(seen: string[], folders: string[]): Promise<boolean> {
  const trees = await Promise.all(folders.map(treeOf))
  return trees.some((tree) => JSON.stringify(tree) === JSON.stringify(seen))
}

/** Somebody without rights: this user if it is one, else "nobody". */
const NOBODY = process.getuid?.() === 0 ? 65534 : undefined

/** A folder of theirs; undefined when they cannot even read our program. */
async function folderOfNobody(): Promise<TemporaryFolder | undefined> {
  const folder = await temporaryFolder()
  if (NOBODY !== undefined) await chown(folder.path, NOBODY, NOBODY)
  const { exit } = await runProgram(['version'], { home: folder.path, uid: NOBODY }).catch(() => ({ exit: 1 }))
  if (exit === 0) return folder
  await folder[Symbol.asyncDispose]()
  return undefined
}

describe('permissions', () => {
  it('that are missing end with 1 and say where', async (t) => {
    await using folder = await folderOfNobody()
    if (folder === undefined) return t.skip('a user without rights cannot read this clone')
    await using world = await openCliWorld()
    const options = { home: folder.path, uid: NOBODY, env: { AETHERFS_HOST: world.hub.host } }
    await writeTree(folder.at('source'), { good: file('good'), 'secret.txt': file('secret') })
    await chmod(folder.at('source', 'secret.txt'), 0)
    const push = await runProgram(['push', folder.at('source'), '-t', 'geo'], options)
    assert.equal(push.exit, 1, push.stderr)
    assert.match(push.stderr, /Cannot read "secret.txt": permission denied\nhint: Push as a user who may read it/)
    assert.deepEqual(await world.tags(), [])

    await writeTree(world.at('source'), { a: file('a') })
    await world.succeeds('push', world.at('source'), '-t', 'geo')
    await mkdir(folder.at('closed'), { mode: 0o555 })
    const pull = await runProgram(['pull', folder.at('closed'), 'geo'], options)
    assert.equal(pull.exit, 1, pull.stderr)
    assert.match(pull.stderr, /^aetherfs: .*(EACCES|ermission|permit)/)
    assert.doesNotMatch(pull.stderr, /defect/)
  })

  it('that a store does not give, or a store that is none, keep the hub from starting', async (t) => {
    await using folder = await folderOfNobody()
    if (folder === undefined) return t.skip('a user without rights cannot read this clone')
    await mkdir(folder.at('closed'), { mode: 0 })
    await writeFile(folder.at('file'), 'no folder')
    const start = (storage: string) =>
      runProgram(['run', '--listen', '127.0.0.1:0', '--storage', storage], { home: folder.path, uid: NOBODY })
    for (const [storage, expected, words] of [
      [folder.at('closed'), 8, /Cannot open the store .*|does not permit it/],
      [folder.at('closed/below'), 8, /does not permit it/],
      [folder.at('file'), 2, /Cannot open|no folder|a folder/],
      ['s3:bucket', 2, /cannot be the name of a bucket/],
      ['gs://bucket', 2, /there is no store of the kind "gs:"/],
    ] as const) {
      const { exit, stdout, stderr } = await start(storage)
      assert.equal(exit, expected, `${storage}: ${stderr}`)
      assert.equal(stdout, '')
      assert.match(stderr, words, storage)
      assert.doesNotMatch(stderr, /defect/)
    }
  })
})
