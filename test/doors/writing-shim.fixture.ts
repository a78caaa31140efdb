// litmus has to write before it can read. This server takes what it writes (PUT, MKCOL, DELETE) by changing a folder and pushing
// it, and hands everything else to the hub: so what litmus reads back comes through the door.
import { once } from 'node:events'
import { existsSync, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { dirname, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import type { TestWorld } from '../testing/world.fixture.ts'

const ROOT = '/webdav/scratch/latest/'

/** @returns address of a folder that can be written to */
export async function startWritingShim(world: TestWorld): Promise<{ url: string } & AsyncDisposable> {
  const folder = world.at('scratch')
  mkdirSync(folder)
  writeFileSync(join(folder, 'keep'), 'so that there is something to push')
  const push = () => world.client.push(folder, ['scratch:latest'])
  await push()

  const writes: Record<string, (path: string, body: Buffer) => number> = {
    PUT(path, body) {
      if (!existsSync(dirname(path))) return 409
      const isNew = !existsSync(path)
      if (!isNew && statSync(path).isDirectory()) return 405
      writeFileSync(path, body)
      return isNew ? 201 : 204
    },
    MKCOL(path, body) {
      if (body.length > 0) return 415
      if (existsSync(path)) return 405
      if (!existsSync(dirname(path))) return 409
      mkdirSync(path)
      return 201
    },
    DELETE(path) {
      if (!existsSync(path)) return 404
      rmSync(path, { recursive: true })
      return 204
    },
  }

  async function answer(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const { method = '', url = '' } = req
    const write = writes[method]
    if (write === undefined) return handOn(world.hub.url, req, res)
    const body = Buffer.concat(await req.toArray())
    if (url.includes('#') || !url.startsWith(ROOT)) return void res.writeHead(400).end()
    const status = write(join(folder, decodeURIComponent(url.slice(ROOT.length)).replace(/\/$/, '')), body)
    if (status < 300) await push()
    res.writeHead(status).end()
  }

  const server = createServer((req, res) => void answer(req, res).catch(() => res.destroy()))
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}${ROOT}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((closed) => server.close(closed))
    },
  }
}

async function handOn(hub: string, req: IncomingMessage, res: ServerResponse): Promise<void> {
  const passed = request(hub, { method: req.method, path: req.url, headers: req.headers })
  const answered = once(passed, 'response')
  await pipeline(req, passed)
  const [answer] = (await answered) as [IncomingMessage]
  res.writeHead(answer.statusCode ?? 500, answer.headers)
  await pipeline(answer, res)
}
