// Ranges of a file over HTTP for many clients at once: /fs/ beside nginx of Debian, and node:http with nothing around it. Prints
// a line of JSON for each run (`ManyRequests`). Nothing is installed: the packages are unpacked.
import { execFile, spawn } from 'node:child_process'
import { randomFillSync } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { promisify } from 'node:util'
import { unpackPackages } from '../test/testing/debian-packages.ts'
import { startHubProcess } from '../test/testing/hub-process.fixture.ts'
import { startProgram } from '../test/testing/program.fixture.ts'
import { type TemporaryFolder, temporaryFolder } from '../test/testing/temporary-folder.fixture.ts'
import { until } from '../test/testing/until.fixture.ts'

export interface ManyRequests {
  tool: string
  /** Seconds; of one request, `latency`. */
  wall: number
  cpu: number
  latency: { median: number; p99: number }
  /** Bytes. */
  peak: number
  content: number
}

const run = promisify(execFile)
const MAIN = new URL('../src/cli/main.ts', import.meta.url).pathname
const MIB = 1024 * 1024
const SIZE = 256 * MIB
const PART = 64 * 1024
const CLIENTS = 64
const SECONDS = 5
const ROUNDS = 3
const WRK_SCRIPT = `
request = function()
  local first = math.random(0, ${SIZE - PART})
  return wrk.format("GET", nil, { Range = "bytes=" .. first .. "-" .. (first + ${PART} - 1) })
end
`

const tools = await unpackPackages('doors-figures', ['nginx-light', 'wrk'])
await using folder = await temporaryFolder()
await mkdir(folder.at('files'))
await writeFile(folder.at('files/large.bin'), randomFillSync(Buffer.alloc(SIZE)))
await using nginx = await startNginx(folder)
await using bare = await startBareServer(folder)
await using hub = await startHubProcess({
  store: folder.at('store'),
  home: folder.path,
  // Room for all of the file, and no line in a log for each request, as it is for the others.
  args: ['--read-memory', '512MiB', '--log-level', 'warn'],
})
const pushed = await run(process.execPath, [MAIN, 'push', folder.at('files'), '-t', 'large:v1', '--json'], {
  env: { ...process.env, HOME: folder.path, AETHERFS_HOST: hub.host },
})

interface Server {
  tool: string
  url: string
  pid(): number | undefined
}

const [digest] = /sha256:[0-9a-f]{64}/.exec(pushed.stdout)!
const hubPid = () => hub.program.process.pid
const byNginx = { tool: 'nginx', url: `${nginx.url}/large.bin`, pid: nginx.worker }
const byDigest = { tool: '/fs/ by digest', url: `${hub.url}/fs/large/by-digest/${digest}/large.bin`, pid: hubPid }
const byTag = { tool: '/fs/ by tag', url: `${hub.url}/fs/large/v1/large.bin`, pid: hubPid }
const byNode = { tool: 'node:http alone', url: bare.url, pid: () => bare.program.process.pid }

// In turns, so that what else the machine does hits all of them. In the first round caches are filled and code is compiled.
for (let round = 0; round <= ROUNDS; round++)
  for (const server of [byNginx, byNode, byDigest, byTag]) {
    const usage = await measured(server)
    if (round > 0) console.log(JSON.stringify(usage))
  }

/** Processor time and memory are those of the server. */
async function measured({ tool, url, pid }: Server): Promise<ManyRequests> {
  const before = processorSeconds(pid())
  const figures = await ranges(url)
  return { tool, ...figures, cpu: processorSeconds(pid()) - before, peak: peakBytes(pid()) }
}

function processorSeconds(pid: number | undefined): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ')
  return (Number(fields[11]) + Number(fields[12])) / 100
}

function peakBytes(pid: number | undefined): number {
  return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) * 1024
}

async function ranges(url: string) {
  const script = folder.at('ranges.lua')
  await writeFile(script, WRK_SCRIPT)
  const args = ['-t1', `-c${CLIENTS}`, `-d${SECONDS}s`, '--latency', '-s', script, url]
  const { stdout } = await run('wrk', args, { env: tools.env })
  const failed = /Non-2xx.*|Socket errors.*/.exec(stdout)?.[0]
  if (failed) throw new Error(`Not all requests to ${url} were answered: ${failed}`)
  const at = (part: string) => secondsOf(new RegExp(` ${part}%\\s+(\\S+)`).exec(stdout)![1]!)
  const content = Number(/(\d+) requests in/.exec(stdout)![1]) * PART
  return { wall: SECONDS, content, latency: { median: at('50'), p99: at('99') } }
}

/** As wrk writes times: 950.00us, 1.20ms, 2.00s. */
function secondsOf(text: string): number {
  const [, value, unit] = /^([\d.]+)(us|ms|s)$/.exec(text)!
  return Number(value) / { us: 1e6, ms: 1e3, s: 1 }[unit as 'us' | 'ms' | 's']
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
  const main = new URL('./bare-server.ts', import.meta.url).pathname
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
