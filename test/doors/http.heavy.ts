// /fs/ as the programs of others read it.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { cp, mkdir, readFile, rename, truncate, writeFile } from 'node:fs/promises'
import { after, describe, it, type TestContext } from 'node:test'
import { promisify } from 'node:util'
import { treeOf } from '../testing/tree.fixture.ts'
import { openDoorWorld } from './door-world.fixture.ts'
import { outside } from './outside.fixture.ts'

const run = promisify(execFile)
const MODULES = ['python3-apsw', 'python3-fsspec', 'python3-aiohttp', 'python3-requests', 'python3-pip']
const PACKAGES = ['curl', 'wget', 'unzip', 'zstd', 'tar', 'python3', ...MODULES]
const GUIDE = new URL('../../docs/reading.md', import.meta.url)

const world = await openDoorWorld()
after(() => world[Symbol.asyncDispose]())

describe('/fs/', () => {
  const address = (path = '') => `${world.url}/fs/geo/v1/${path.split('/').map(encodeURIComponent).join('/')}`

  /** A folder for what comes out, and a shell with the programs of others to fetch it into. */
  async function open(t: TestContext, name: string) {
    const tools = await outside(t, 'http', PACKAGES)
    if (!tools) return undefined
    const folder = world.at(name)
    await mkdir(folder)
    const own = `${tools.root}/usr/bin/python3`
    // Not the first python3 of the PATH, which may be another than that of the packages.
    const PYTHON = existsSync(own) ? own : '/usr/bin/python3'
    const env = { ...tools.env, LC_ALL: 'C.UTF-8', PYTHON, PYTHONPATH: `${tools.root}/usr/lib/python3/dist-packages` }
    const shell = (script: string) => run('bash', ['--norc', '-euo', 'pipefail', '-c', script], { cwd: folder, env })
    return { folder, shell }
  }

  it('is read whole by curl', async (t) => {
    const opened = await open(t, 'curl')
    if (!opened) return
    const lines = world.files.map((path) => `url = "${address(path)}"\noutput = ${JSON.stringify(path)}\n`)
    await writeFile(world.at('curl.config'), `fail\ncreate-dirs\n${lines.join('')}`)
    await opened.shell(`curl -sS -K ${world.at('curl.config')}`)
    await world.checkSums(opened.folder)
  })

  it('goes on where a download of curl ended', async (t) => {
    const opened = await open(t, 'resumed')
    if (!opened) return
    await cp(world.source, opened.folder, { recursive: true, verbatimSymlinks: true })
    await truncate(`${opened.folder}/random.bin`, 1_234_567)
    const { stdout } = await opened.shell(
      `curl -sSf -C - -o random.bin -w '%{http_code} %{size_download}' ${address('random.bin')}`,
    )
    assert.equal(stdout, `206 ${3 * 1024 * 1024 - 1_234_567}`)
    await world.checkSums(opened.folder)
  })

  it('is mirrored by wget, as the guide has it', async (t) => {
    const opened = await open(t, 'wget')
    if (!opened) return
    const [, command = ''] = /^ {4}(wget .*)$/m.exec(await readFile(GUIDE, 'utf8')) ?? []
    await opened.shell(`${command.replace('http://127.0.0.1:8080', world.url)} -q`)
    await rename(`${opened.folder}/odd/.A.txt`, `${opened.folder}/odd/%2e%41.txt`) // wget decodes names twice
    await world.checkSums(opened.folder)
  })

  for (const [format, unpack] of [
    ['tar', 'tar -xf -'],
    ['tar.zst', 'zstd -dq | tar -xf -'],
    ['zip', 'cat >../geo.zip; unzip -q ../geo.zip; "$PYTHON" -m zipfile -t ../geo.zip'],
  ] as const)
    it(`comes as ${format} with links, empty folders and programs`, async (t) => {
      const opened = await open(t, format)
      if (!opened) return
      await opened.shell(`curl -sSf '${address()}?archive=${format}' | (${unpack})`)
      await world.checkSums(opened.folder)
      assert.deepEqual(await treeOf(opened.folder), await treeOf(world.source))
    })

  /** The program in the guide that has these words in it, for this hub. */
  async function exampleWith(words: string): Promise<string> {
    const blocks = (await readFile(GUIDE, 'utf8')).matchAll(/^```python\n(.*?)^```$/gms)
    const found = [...blocks].map(([, text = '']) => text).find((text) => text.includes(words))
    assert.ok(found, `docs/reading.md has an example with ${words}`)
    return found.replaceAll('http://127.0.0.1:8080', world.url)
  }

  it('lets SQLite query a database in place', async (t) => {
    const opened = await open(t, 'sqlite')
    if (!opened) return
    const example = await exampleWith('import apsw')
    await writeFile(`${opened.folder}/query.py`, `${example}\nprint(sum(map(len, files.file.blocks.values())))\n`)
    const [rows, bytes] = (await opened.shell('"$PYTHON" query.py')).stdout.split('\n')
    assert.match(rows!, /^\[\('[a-z]+ [a-z]+',\)\]$/)
    assert.ok(Number(bytes) <= 256 * 1024, `${bytes} bytes were fetched`)
  })

  it('lets DuckDB query a table in place', async (t) => {
    const opened = await open(t, 'duckdb')
    if (!opened) return
    const missing = await installDuckDb(opened.shell)
    if (missing) return t.skip(`SKIPPED, for want of DuckDB: ${missing}`)
    const python = (script: string) =>
      opened.shell(`export PYTHONPATH="$PYTHONPATH:$PWD/packages";"$PYTHON" - <<'END'\n${script}\nEND`)
    const numbers = 'SELECT i AS id, repeat(md5(i::varchar), 4) AS text FROM range(200000) t(i)'
    await python(`import duckdb\nduckdb.sql("COPY (${numbers}) TO 'places.parquet' (ROW_GROUP_SIZE 10000)")`)
    const pushed = await world.run('push', `${opened.folder}/places.parquet`, '-t', 'table:v1')
    assert.equal(pushed.exit, 0, pushed.stderr)
    assert.equal((await python(await exampleWith('import duckdb'))).stdout, '[(100, 99)]\n')
    const direct = `import duckdb
try:
    duckdb.sql("INSTALL httpfs; LOAD httpfs")
except duckdb.IOException:
    print("no extension")
else:
    print(duckdb.sql("SELECT count(*), max(id) FROM '${world.url}/fs/table/v1/places.parquet' WHERE id < 100").fetchall())`
    const { stdout } = await python(direct)
    if (stdout === 'no extension\n') t.diagnostic('DuckDB cannot fetch its extension httpfs here')
    else assert.equal(stdout, '[(100, 99)]\n')
  })
})

/** DuckDB has no package in Debian. Answers why it cannot be had. */
async function installDuckDb(shell: (script: string) => Promise<unknown>): Promise<string | undefined> {
  const options = '-q --no-deps --retries 1 --timeout 10 --disable-pip-version-check --root-user-action ignore'
  try {
    await shell(`timeout 60 "$PYTHON" -m pip install ${options} --target packages duckdb`)
    return undefined
  } catch (error) {
    return /^ERROR: .*$/m.exec((error as { stderr: string }).stderr)?.[0] ?? 'pip took longer than 60 s'
  }
}
