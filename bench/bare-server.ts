// node bare-server.ts <file>: node:http and nothing else answers ranges of a file that it has in memory. Nothing that is
// made with node:http can be faster, so that is what to compare with.
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

const [path = ''] = process.argv.slice(2)
const file = readFileSync(path)
const server = createServer((req, res) => {
  const [, first = '0', last = '0'] = /^bytes=(\d+)-(\d+)$/.exec(req.headers.range ?? '') ?? []
  const part = file.subarray(Number(first), Number(last) + 1)
  const range = `bytes ${first}-${last}/${file.length}`
  res.writeHead(206, { 'content-length': part.length, 'content-range': range }).end(part)
})
server.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}`))
