// The program as a process: what only shows there.
import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { readPackageInfo } from './package-info.ts'

const BIN = fileURLToPath(new URL('../../bin/aetherfs', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'aetherfs-main-'))
const env = { PATH: process.env.PATH, HOME: folder }
after(() => rmSync(folder, { recursive: true }))

interface Ended {
  code: number
  stdout: string
  stderr: string
}

function run(program: string, args: string[], options = {}): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(program, args, { env, ...options }, (error, stdout, stderr) =>
      resolve({ code: Number(error?.code ?? 0), stdout, stderr }),
    )
  })
}

describe('bin/aetherfs', () => {
  const answer = { code: 0, stdout: `aetherfs ${readPackageInfo().version}\n`, stderr: '' }

  it('runs from any folder and through symbolic links', async () => {
    const link = join(folder, 'link')
    symlinkSync(BIN, link)
    symlinkSync('link', join(folder, 'aetherfs'))
    assert.deepEqual(await run('./aetherfs', ['version'], { cwd: folder }), answer)
  })

  it('runs with no home', async () => {
    assert.deepEqual(await run(BIN, ['version'], { env: { PATH: process.env.PATH } }), answer)
    assert.deepEqual(await run(BIN, ['version'], { env: { PATH: process.env.PATH, HOME: '/dev/null/none' } }), answer)
  })

  it('passes arguments and exit codes on as they are', async () => {
    const { code, stderr } = await run(BIN, ['show', 'a b$(x)"*'])
    assert.equal(code, 2)
    assert.match(stderr, /Cannot parse reference "a b\$\(x\)"\*"/)
  })
})

describe('main.ts', () => {
  it('says which Node it needs when this one is too old', async () => {
    const preload = join(folder, 'old.cjs')
    writeFileSync(preload, `Object.defineProperty(process.versions, 'node', { value: '20.1.0' })`)
    const main = fileURLToPath(new URL('main.ts', import.meta.url))
    const { code, stderr } = await run(process.execPath, ['--require', preload, main, 'version'])
    assert.equal(code, 1)
    assert.match(stderr, /^aetherfs: AetherFS needs Node 26 or newer; this is v.*\nhint: Install it/)
  })

  it('is quiet when the reader of its output goes away', async () => {
    const child = spawn(BIN, ['completion', 'bash'], { env, stdio: ['ignore', 'pipe', 'pipe'] })
    child.stdout.destroy()
    let stderr = ''
    child.stderr.on('data', (chunk) => {
      stderr += chunk
    })
    const code = await new Promise((resolve) => child.once('close', resolve))
    assert.deepEqual([code, stderr], [0, ''])
  })

  it('loads nothing for "version" that takes long', async () => {
    const trace = join(folder, 'trace.mjs')
    writeFileSync(
      trace,
      `import { registerHooks } from 'node:module'
       registerHooks({ load(url, context, next) { console.error(url); return next(url, context) } })`,
    )
    const main = fileURLToPath(new URL('main.ts', import.meta.url))
    const { stderr, code } = await run(process.execPath, ['--import', trace, main, 'version'])
    assert.equal(code, 0)
    assert.match(stderr, /cli\/version\.ts/)
    assert.doesNotMatch(
      stderr,
      /zod|yaml|pino|protobuf|connectrpc|node:https?\b|node:worker_threads|src\/client|src\/hub|src\/storage/,
    )
  })
})

describe('bin/aetherfs in a clone without libraries', () => {
  it('says to run "npm ci"', async () => {
    const clone = join(folder, 'clone')
    await run('mkdir', ['-p', join(clone, 'bin')])
    await run('cp', [BIN, join(clone, 'bin')])
    const old = join(folder, 'node')
    writeFileSync(old, '#!/bin/sh\necho v20.1.0\n')
    chmodSync(old, 0o755)
    const { code, stderr } = await run(join(clone, 'bin', 'aetherfs'), ['version'], {
      env: { PATH: `${folder}:/usr/bin:/bin`, HOME: folder },
    })
    assert.equal(code, 1)
    assert.match(
      stderr,
      /^aetherfs: AetherFS needs Node 26 or newer; there is v20.1.0 here\nhint: Run "npm ci" in .*clone, which brings one\n$/,
    )
    writeFileSync(old, '#!/bin/sh\necho v26.1.0\n')
    const without = await run(join(clone, 'bin', 'aetherfs'), ['version'], {
      env: { PATH: `${folder}:/usr/bin:/bin`, HOME: folder },
    })
    assert.match(without.stderr, /^aetherfs: The libraries that AetherFS needs are not there\nhint: Run "npm ci" in /)
  })
})
