// A hub with datasets in it, and plain requests to its doors.
import { once } from 'node:events'
import { type IncomingHttpHeaders, request } from 'node:http'
import { after } from 'node:test'
import { type Tree, writeTree } from '../../test/testing/tree.fixture.ts'
import { openWorld, type TestWorld, type WorldOptions } from '../../test/testing/world.fixture.ts'

export interface Answer {
  status: number
  headers: IncomingHttpHeaders
  bytes: Buffer
  text: string
}

export interface AskOptions {
  method?: string
  headers?: Record<string, string>
  body?: string
}

export interface DoorsWorld extends TestWorld {
  /** @param reference such as "geo:v1" */
  push(reference: string, tree: Tree): Promise<void>
  /** @param path goes out as it is: classes for addresses tidy up what a server has to refuse */
  ask(path: string, options?: AskOptions): Promise<Answer>
}

/** Ends with the tests of the file. */
export async function openDoors(options: WorldOptions = {}): Promise<DoorsWorld> {
  const world = await openWorld(options)
  after(() => world[Symbol.asyncDispose]())
  let folders = 0
  return {
    ...world,
    async push(reference, tree) {
      const folder = world.at(`pushed-${folders++}`)
      await writeTree(folder, tree)
      await world.client.push(folder, [reference])
    },
    ask: (path, options) => ask(world.hub.url, path, options),
  }
}

async function ask(url: string, path: string, { method = 'GET', headers, body }: AskOptions = {}): Promise<Answer> {
  const sent = request(url, { path, method, headers: { ...headers, ...(body && { 'content-length': body.length }) } })
  sent.end(body)
  const [response] = await once(sent, 'response')
  const bytes = Buffer.concat(await response.toArray())
  return { status: response.statusCode, headers: response.headers, bytes, text: bytes.toString() }
}
