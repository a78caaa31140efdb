// A hub with one dataset, and ways to ask /fs/ of it.
import { once } from 'node:events'
import { type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http'
import { after } from 'node:test'
import { file, type Tree, writeTree } from '../../../../test/testing/tree.fixture.ts'
import { openWorld, type TestWorld, type WorldOptions } from '../../../../test/testing/world.fixture.ts'

export const CSV = 'id,name\n1,one\n2,two\n'

export const TREE: Tree = {
  'data.csv': file(CSV),
  'empty.bin': file(''),
  'run.sh': file('#!/bin/sh\n', true),
  'page.html': file('<script>alert(1)</script>'),
  'picture.svg': file('<svg xmlns="http://www.w3.org/2000/svg"/>'),
  'odd/a b%ü#?&"<i>.txt': file('odd'),
  'odd/日本.json': file('{}'),
  'deep/er/file': file('deep'),
  'links/to-data': { kind: 'link', target: '../data.csv' },
  'links/to-folder': { kind: 'link', target: '../deep/./er' },
  'links/loop': { kind: 'link', target: 'loop' },
  'links/nowhere': { kind: 'link', target: 'nothing' },
  'links/chain': { kind: 'link', target: 'to-folder/file' },
  'links/up': { kind: 'link', target: '..' },
  'nothing/in-here': { kind: 'folder' },
}

export interface Answer {
  status: number
  headers: IncomingHttpHeaders
  body: Buffer
  text: string
}

export interface FsWorld extends TestWorld {
  /** 64 hex digits. */
  digest: string
  /** @param path below /fs/ as it goes over the wire, with its query */
  ask(path: string, headers?: Record<string, string>, method?: string): Promise<Answer>
  push(name: string, tree: Tree): Promise<string>
}

/** With `tree` as geo:v1 and geo:latest; ends with the tests of the file. */
export async function openFsWorld(tree: Tree = TREE, options: WorldOptions = {}): Promise<FsWorld> {
  const world = await openWorld(options)
  after(() => world[Symbol.asyncDispose]())

  async function push(name: string, tree: Tree): Promise<string> {
    const folder = world.at(name.replaceAll(/\W/g, '_'))
    await writeTree(folder, tree)
    const [result] = await world.client.push(folder, [name])
    return result!.digest
  }

  const digest = await push('geo:v1', tree)
  await world.client.tag('geo:v1', 'geo:latest')
  return { ...world, digest, push, ask: (path, headers, method) => ask(`${world.hub.url}/fs/${path}`, headers, method) }
}

/** The address goes out as it is: classes for URLs tidy up what a server has to refuse. */
export async function ask(url: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Answer> {
  const [, origin, path] = /^(http:..[^/]*)(.*)$/.exec(url) ?? []
  const sent = request(origin!, { path, headers, method, agent: false })
  sent.end()
  const [response] = (await once(sent, 'response')) as [IncomingMessage]
  const body = Buffer.concat(await response.toArray())
  return { status: response.statusCode!, headers: response.headers, body, text: body.toString() }
}
