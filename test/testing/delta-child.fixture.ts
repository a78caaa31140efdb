// A process that pushes a source again and says when it is at a point of that; then it does nothing more. To be killed.
// Arguments: host, cache folder, source, and before what it stops: the delta or the publish.
import { writeSync } from 'node:fs'
import { createClient } from '../../src/client/index.ts'
import { createHttpConnection } from '../../src/client/transport/http-connection.ts'

const [host = '', cacheFolder = '', source = '', stop = ''] = process.argv.slice(2)

async function forEver(): Promise<never> {
  writeSync(1, `${stop}\n`)
  setInterval(() => {}, 1000)
  return new Promise(() => {})
}

const client = createClient({ host, cacheFolder }, (hosts) => {
  const connection = createHttpConnection(hosts)
  return stop === 'delta' ? { ...connection, sendDelta: forEver } : { ...connection, publish: forEver }
})
await client.push(source, ['geo:latest'])
