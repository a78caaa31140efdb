// What "npm pack" makes is what users get: installed as they install it, the program runs, worker threads and all, and
// TypeScript knows the library. Needs the registry, for the dependencies. npm run test:package.
import assert from 'node:assert/strict'
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { delimiter, dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { after, before, describe, it } from 'node:test'
import { promisify } from 'node:util'
import { type TemporaryFolder, temporaryFolder } from './testing/temporary-folder.fixture.ts'

const run = promisify(execFile)
const ROOT = join(import.meta.dirname, '..')
/** Nothing of whoever runs this: neither settings nor caches nor another Node. */
const ENV = {
  ...Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(AETHERFS_|XDG_|NODE_COMPILE_CACHE)/.test(name)),
  ),
  PATH: `${dirname(process.execPath)}${delimiter}${process.env.PATH}`,
}

interface Installed {
  folder: TemporaryFolder
  env: NodeJS.ProcessEnv
  tarball: string
  /** Paths in the package. */
  files: string[]
  /** Where "npm install -g" put the program. */
  program: string
}

let installed: Installed

before(async () => {
  const folder = await temporaryFolder()
  const env = { ...ENV, XDG_CACHE_HOME: folder.at('cache'), XDG_CONFIG_HOME: folder.at('config') }
  const [packed] = JSON.parse(await npm(['pack', '--json', '--pack-destination', folder.path], ROOT)) as [
    { filename: string; files: { path: string }[] },
  ]
  const tarball = folder.at(packed.filename)
  await npm(['install', '--global', '--prefix', folder.at('global'), tarball], folder.path)
  const program = folder.at('global', 'bin', 'aetherfs')
  installed = { folder, env, tarball, files: packed.files.map(({ path }) => path), program }
})

after(() => installed?.folder[Symbol.asyncDispose]())

/** npm itself under this Node: an older one would choose other versions of the dependencies. */
async function npm(args: string[], cwd: string): Promise<string> {
  const cli = process.env.npm_execpath
  const [command, first] = cli === undefined ? ['npm', []] : [process.execPath, [cli]]
  const quiet = ['--no-fund', '--no-audit', '--no-update-notifier', '--loglevel=error', '--foreground-scripts=false']
  const { stdout } = await run(command, [...first, ...args, ...quiet], { cwd, env: ENV, maxBuffer: 64 * 1024 * 1024 })
  return stdout
}

async function aetherfs(...args: string[]): Promise<string> {
  const { stdout } = await run(installed.program, args, { cwd: installed.folder.path, env: installed.env })
  return stdout
}

interface RunningHub extends AsyncDisposable {
  url: string
  host: string
}

async function startHub(storage: string): Promise<RunningHub> {
  const args = ['run', '--listen', '127.0.0.1:0', '--storage', storage, '--log-level', 'warn']
  const child = spawn(installed.program, args, { env: installed.env, stdio: ['ignore', 'pipe', 'inherit'] })
  const url = await firstLine(child)
  return {
    url,
    host: new URL(url).host,
    async [Symbol.asyncDispose]() {
      child.kill('SIGTERM')
      const [code] = child.exitCode === null ? await once(child, 'exit') : [child.exitCode]
      assert.equal(code, 0)
    },
  }
}

async function firstLine(child: ChildProcess): Promise<string> {
  const early = once(child, 'exit').then(() => Promise.reject(new Error('The hub did not start')))
  early.catch(() => {}) // that it ends later is expected
  const [line] = (await Promise.race([once(createInterface({ input: child.stdout! }), 'line'), early])) as [string]
  return line
}

describe('the package', () => {
  it('has the program, the declarations and the documents, and nothing of the tests', () => {
    const { files } = installed
    const needed = [
      'LICENSE',
      'README.md',
      'dist/cli/main.js',
      'dist/client/index.d.ts',
      'dist/client/index.js',
      'dist/dataset/scan/scan-worker.js',
      'dist/dataset/verify-block-worker.js',
      'dist/gen/openapi.json',
      'dist/swagger-ui/LICENSE',
      'docs/format.md',
      'package.json',
      'proto/aetherfs/v2/dataset_service.proto',
    ]
    assert.deepEqual(
      needed.filter((path) => !files.includes(path)),
      [],
    )
    assert.deepEqual(
      files.filter((path) => /^(src|test)\/|\.(test|fixture|heavy)\.|-suite\./.test(path)),
      [],
    )
  })

  it('gives a program that says its version and completes commands', async () => {
    const { version } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8'))
    assert.equal(await aetherfs('version'), `aetherfs ${version}\n`)
    assert.match(await aetherfs('completion', 'bash'), /complete .*aetherfs/)
    assert.match(await aetherfs('complete', '--', 'pu'), /^push\t.*\npull\t/m)
  })

  it('gives a program that runs a hub, pushes to it and pulls from it', async () => {
    const { folder } = installed
    const source = folder.at('geo')
    await mkdir(source)
    await writeFile(join(source, 'small.txt'), 'small\n')
    // More than one frame, so that the worker threads on both sides have something to do.
    await writeFile(join(source, 'large.csv'), Array.from({ length: 200_000 }, (_, i) => `${i},${i * i}\n`).join(''))

    await using hub = await startHub(folder.at('store'))
    const pushed = JSON.parse(await aetherfs('push', source, '-t', `${hub.host}/geo:v1`, '--json', '-q'))
    assert.equal(pushed.results[0].files, 2)
    await aetherfs('pull', folder.at('consumer'), `${hub.host}/geo:v1`, '-q')
    for (const name of ['small.txt', 'large.csv']) {
      const [was, is] = await Promise.all(
        [source, folder.at('consumer', 'geo', 'v1')].map((at) => readFile(join(at, name))),
      )
      assert.ok(was!.equals(is!), `${name} came back changed`)
    }
    await aetherfs('verify', folder.at('consumer'), '-q')

    const answer = await fetch(`${hub.url}/api/openapi.json`)
    assert.equal(((await answer.json()) as { openapi: string }).openapi.slice(0, 2), '3.')
    const page = await fetch(`${hub.url}/api/docs/swagger-ui-bundle.js`)
    assert.equal(page.status, 200)
    await page.body?.cancel()
  })
})

describe('the library in the package', () => {
  const SOURCE = `
    import { AetherError, type Client, connect, type PullResult } from 'aetherfs'

    const client: Client = connect({ host: process.argv[2] })
    const results: PullResult[] = await client.pull(process.argv[3]!, ['geo:v1'])
    const entries = (await client.open('geo:v1')).entries.map((entry) => entry.path)
    const missing = await client.resolve('nothing').catch((error: unknown) => error)
    console.log(JSON.stringify([results[0]?.files, entries, missing instanceof AetherError && missing.code]))
    client.close()
  `

  it('has declarations that a strict project compiles against, and works there', async () => {
    const { folder, env } = installed
    const project = folder.at('project')
    await mkdir(project)
    await writeFile(join(project, 'package.json'), '{ "name": "project", "private": true, "type": "module" }\n')
    await npm(['install', installed.tarball], project)
    await mkdir(join(project, 'node_modules', '@types'), { recursive: true })
    for (const name of ['@types/node', 'undici-types'])
      await symlink(join(ROOT, 'node_modules', name), join(project, 'node_modules', name))
    await writeFile(join(project, 'main.ts'), SOURCE)
    await writeFile(join(project, 'readme.ts'), exampleInReadme())
    const options = ['--strict', '--noEmit', '--module', 'nodenext', '--target', 'es2024', '--types', 'node']
    await run(join(ROOT, 'node_modules/.bin/tsc'), [...options, 'main.ts', 'readme.ts'], { cwd: project, env }).catch(
      tellOutput,
    )

    const source = folder.at('source')
    await mkdir(source)
    await writeFile(join(source, 'a.txt'), 'a\n')
    await using hub = await startHub('memory:')
    await aetherfs('push', source, '-t', `${hub.host}/geo:v1`, '-q')
    const args = [join(project, 'main.ts'), hub.host, folder.at('pulled')]
    const { stdout } = await run(process.execPath, args, { cwd: project, env })
    assert.deepEqual(JSON.parse(stdout), [1, ['a.txt'], 'not-found'])
  })
})

function exampleInReadme(): string {
  const [, code] = /```ts\n([\s\S]*?)```/.exec(readFileSync(join(ROOT, 'README.md'), 'utf8')) ?? []
  assert.ok(code, 'README.md shows no program')
  return code
}

/** A compiler says what is wrong on stdout. */
function tellOutput(error: unknown): never {
  throw new Error(String((error as { stdout?: string }).stdout || error), { cause: error })
}
