// node test/doors/http-figures.ts: how fast /fs/ is, beside nginx of Debian and a bare node:http over the same
// file. Prints, and decides nothing.
import { execFile, spawn } from 'node:child_process'
import { randomFillSync } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { promisify } from 'node:util'
import { unpackPackages } from '../testing/debian-packages.ts'
import { startHubProcess } from '../testing/hub-process.fixture.ts'
import { startProgram } from '../testing/program.fixture.ts'
import { type TemporaryFolder, temporaryFolder } from '../testing/temporary-folder.fixture.ts'
import { until } from '../testing/until.fixture.ts'

const run = promisify(execFile)
const MAIN = new URL('../../src/cli/main.ts', import.meta.url).pathname
const MIB = 1024 * 1024
const SIZE = 256 * MIB
const PART = 64 * 1024
const CLIENTS = 64
const SECONDS = 5
const WRK_SCRIPT = `
request = function()
  local first = math.random(0, ${SIZE - PART})
  return wrk.format("GET", nil, { Range = "bytes=" .. first .. "-" .. (first + ${PART} - 1) })
end
`

const tools = await unpackPackages('doors-figures', ['curl', 'nginx-light', 'wrk'])
await using folder = await temporaryFolder()
await mkdir(folder.at('files'))
await writeFile(folder.at('files/large.bin'), randomFillSync(Buffer.alloc(SIZE)))
await using nginx = await startNginx(folder)
await using bare = await startBareServer(folder)
await using hub = await startHubProcess({
  store: folder.at('store'),
  home: folder.path,
  args: ['--read-memory', '512MiB'], // room for all of the file, as it is for the others
})
const pushed = await run(process.execPath, [MAIN, 'push', folder.at('files'), '-t', 'large:v1', '--json'], {
  env: { ...process.env, HOME: folder.path, AETHERFS_HOST: hub.host },
})

interface Server {
  name: string
  url: string
  pid(): number | undefined
}

const [digest] = /sha256:[0-9a-f]{64}/.exec(pushed.stdout)!
const hubPid = () => hub.program.process.pid
const byNginx = { name: 'nginx', url: `${nginx.url}/large.bin`, pid: nginx.worker }
const byDigest = { name: '/fs/ by digest', url: `${hub.url}/fs/large/by-digest/${digest}/large.bin`, pid: hubPid }
const byTag = { name: '/fs/ by tag', url: `${hub.url}/fs/large/v1/large.bin`, pid: hubPid }
const byNode = { name: 'node:http alone', url: bare.url, pid: () => bare.program.process.pid }

// In turns, so that what else the machine does hits all of them. In the first rounds code is compiled.
for (let round = 0; round < 4; round++)
  for (const server of [byNginx, byDigest]) await report('whole file, one curl', server, download)
for (let round = 0; round < 4; round++)
  for (const server of [byNginx, byNode, byDigest, byTag])
    await report(`${CLIENTS} connections, ranges of 64 KiB`, server, ranges)

/** With the time that the server was on a processor: on a machine that does other things too, that tells more. */
async function report(what: string, server: Server, measure: (url: string) => Promise<string>): Promise<void> {
  const before = processorSeconds(server.pid())
  const figures = await measure(server.url)
  const seconds = (processorSeconds(server.pid()) - before).toFixed(2)
  console.log(`${server.name}: ${what}: ${figures}, ${seconds} s of processor time`)
}

function processorSeconds(pid: number | undefined): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ')
  return (Number(fields[11]) + Number(fields[12])) / 100
}

async function download(url: string): Promise<string> {
  const { stdout } = await run('curl', ['-sSf', '-o', '/dev/null', '-w', '%{speed_download}', url], { env: tools.env })
  return `${(Number(stdout) / 1e6).toFixed(0)} MB/s`
}

async function ranges(url: string): Promise<string> {
  const script = folder.at('ranges.lua')
  await writeFile(script, WRK_SCRIPT)
  const args = ['-t1', `-c${CLIENTS}`, `-d${SECONDS}s`, '--latency', '-s', script, url]
  const { stdout } = await run('wrk', args, { env: tools.env })
  const [, median, p99] = / 50%\s+(\S+)[\s\S]* 99%\s+(\S+)/.exec(stdout) ?? []
  const [, rate] = /Requests\/sec:\s+([\d.]+)/.exec(stdout) ?? []
  const failed = /Non-2xx.*|Socket errors.*/.exec(stdout)?.[0] ?? 'none failed'
  return `${rate} requests/s, ${((Number(rate) * PART) / 1e6).toFixed(0)} MB/s, median ${median}, p99 ${p99}, ${failed}`
}

async function startNginx({ at }: TemporaryFolder): Promise<AsyncDisposable & { url: string; worker(): number }> {
  const port = await freePort()
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (kind) => `${kind}_temp_path ${at('nginx')}/${kind};`,
  )
  const http = `sendfile on; keepalive_requests 1000000; access_log off; ${temporary.join(' ')}
    server { listen 127.0.0.1:${port}; root ${at('files')}; }`
  await mkdir(at('nginx'))
  await writeFile(
    at('nginx/nginx.conf'),
    `daemon off; user root; worker_processes 1; pid ${at('nginx')}/pid; error_log stderr; events {} http { ${http} }`,
  )
  const child = spawn('nginx', ['-p', at('nginx'), '-c', at('nginx/nginx.conf')], { env: tools.env, stdio: 'ignore' })
  const url = `http://127.0.0.1:${port}`
  await until(
    () =>
      fetch(url).then(
        () => true,
        () => false,
      ),
    'nginx',
  )
  const children = `/proc/${child.pid}/task/${child.pid}/children`
  const worker = () => Number(readFileSync(children, 'utf8').trim())
  return { url, worker, [Symbol.asyncDispose]: async () => void child.kill() }
}

async function startBareServer({ at, path }: TemporaryFolder) {
  const main = new URL('bare-server.fixture.ts', import.meta.url).pathname
  const program = startProgram([at('files/large.bin')], { home: path, main })
  await until(() => program.stdout().includes('\n'), 'the bare server')
  const url = program.stdout().trim()
  return { url, program, [Symbol.asyncDispose]: async () => void program.process.kill() }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await until(() => server.listening, 'a port')
  const { port } = server.address() as { port: number }
  await new Promise((resolve) => server.close(resolve))
  return port
}
