// WebDAV as others speak it: litmus asks what the RFC says, and cadaver and rclone copy a dataset bit for bit.
//
// litmus writes before it reads, so a server in front of the door takes its writes and pushes them: writing-shim.fixture.ts. What it
// finds out about PUT, MKCOL and DELETE says nothing of us; what it reads back does. It cannot pass what needs PROPPATCH, since
// properties of a dataset cannot be changed: those tests are listed below, one by one.
//
// davfs2 is not here: version 1.6.1 of Debian cannot list folders on recent kernels, whatever server it talks to.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { describe, it } from 'node:test'
import { promisify } from 'node:util'
import type { Unpacked } from '../testing/debian-packages.ts'
import { openWorld } from '../testing/world.fixture.ts'
import { openDoorWorld } from './door-world.fixture.ts'
import { outside } from './outside.fixture.ts'
import { startWritingShim } from './writing-shim.fixture.ts'

const run = promisify(execFile)
const PACKAGES = ['litmus', 'cadaver', 'rclone']
/** Longest that one program may take, in milliseconds. */
const LIMIT = 60_000

/** Tests of a suite by what they ended in, in their order. */
interface Outcome {
  pass: string[]
  FAIL: string[]
  SKIPPED: string[]
}

/** litmus tells its failures by its exit code too; the list of its tests tells more. */
async function litmus({ root, env }: Unpacked, cwd: string, suite: string, url: string): Promise<Outcome> {
  const htdocs = join(root, 'usr/share/litmus/htdocs')
  const program = join(root, 'usr/libexec/litmus', suite)
  const { stdout } = await run(program, ['--htdocs', htdocs, url], { env, cwd, timeout: LIMIT }).catch((error) => error)
  const outcome: Outcome = { pass: [], FAIL: [], SKIPPED: [] }
  let name = ''
  for (const line of String(stdout).split(/[\r\n]+/)) {
    name = /^ ?\d+\. (\w+)\./.exec(line)?.[1] ?? name
    const [, result] = /\.{2,} (pass|FAIL|SKIPPED)/.exec(line) ?? []
    if (result !== undefined) outcome[result as keyof Outcome].push(name)
  }
  return outcome
}

const words = (text: string) => text.trim().split(/\s+/)

describe('the WebDAV door', () => {
  it('passes litmus, as far as it can without being written to', async (t) => {
    const tools = await outside(t, 'webdav', PACKAGES)
    if (!tools) return
    await using world = await openWorld()
    await using shim = await startWritingShim(world)
    const suite = (name: string) => litmus(tools, world.at('.'), name, shim.url)
    assert.deepEqual(await suite('basic'), {
      pass: words(
        `init begin options put_get put_get_utf8_segment put_no_parent mkcol_over_plain delete delete_null
        delete_fragment mkcol mkcol_again delete_coll mkcol_no_parent mkcol_with_body finish`,
      ),
      FAIL: [],
      SKIPPED: [],
    })
    assert.deepEqual(await suite('http'), { pass: words('init begin expect100 finish'), FAIL: [], SKIPPED: [] })
    assert.deepEqual(await suite('props'), {
      pass: words(
        'init begin propfind_invalid propfind_invalid2 propfind_d0 propinit propextended propwformed propinit propcleanup finish',
      ),
      // All of these set properties first, by PROPPATCH.
      FAIL: words('propset propmanyns propget'),
      SKIPPED: words(
        `propget propmove propget propdeletes propget propreplace propget propnullns propget prophighunicode
        propget propremoveset propget propsetremove propget propvalnspace`,
      ),
    })
  })

  it('gives cadaver all files of a dataset', async (t) => {
    const tools = await outside(t, 'webdav', PACKAGES)
    if (!tools) return
    await using world = await openDoorWorld()
    const copy = world.at('cadaver')
    const quoted = (text: string) => `"${text.replace(/["\\]/g, '\\$&')}"`
    for (const path of world.files) await mkdir(join(copy, dirname(path)), { recursive: true })
    const gets = world.files.map((path) => `get ${quoted(path)} ${quoted(join(copy, path))}`)
    const script = ['ls', 'ls odd', ...gets, 'put SHA256SUMS', 'quit', ''].join('\n')
    const program = run('cadaver', [`${world.url}/webdav/geo/v1/`], {
      env: { ...tools.env, HOME: world.at('.') },
      timeout: LIMIT,
      cwd: world.at('.'),
    })
    program.child.stdin!.end(script)
    const { stdout } = await program
    assert.match(stdout, /^ +places\.csv +\d+ /m)
    assert.match(stdout, /^Coll: +many +0 /m)
    assert.match(stdout, /Uploading SHA256SUMS.*?failed:\s+405 Method Not Allowed/s)
    await world.checkSums(copy)
  })

  it('gives rclone a dataset bit for bit', async (t) => {
    const tools = await outside(t, 'webdav', PACKAGES)
    if (!tools) return
    await using world = await openDoorWorld()
    const copy = world.at('rclone')
    const args = ['--webdav-url', `${world.url}/webdav`, '--config', '/dev/null', '--retries', '1']
    const rclone = (...words: string[]) => run('rclone', [...words, ...args], { env: tools.env, timeout: LIMIT })
    await rclone('copy', ':webdav:geo/latest', copy)
    await world.checkSums(copy)
    const { stdout } = await rclone('lsf', '--dirs-only', '--recursive', ':webdav:geo/latest')
    assert.ok(stdout.split('\n').includes('nothing/in/here/'), stdout)
    const refused = rclone('copyto', world.sums, ':webdav:geo/latest/new').catch((error) => error)
    assert.match((await refused).stderr, /405 Method Not Allowed/)
  })
})
