// What is in a folder, as one hash and two counts.
import { createHash, hash } from 'node:crypto'
import { closeSync, openSync, readdirSync, readSync, statSync } from 'node:fs'
import { join, relative } from 'node:path'

export interface Contents {
  files: number
  bytes: number
  /** Of names and bytes; the same on every machine. */
  digest: string
}

export function contentsOf(folder: string): Contents {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  const paths = entries.map((entry) => join(entry.parentPath, entry.name)).sort()
  const lines = paths.map((path) => `${hashFile(path)}  ${relative(folder, path)}\n`)
  const bytes = paths.reduce((sum, path) => sum + statSync(path).size, 0)
  return { files: paths.length, bytes, digest: hash('sha256', lines.join('')) }
}

/** One for all files: there are many of them. */
const buffer = Buffer.allocUnsafe(1 << 20)

function hashFile(path: string): string {
  const [digest, file] = [createHash('sha256'), openSync(path, 'r')]
  try {
    for (let read = 1; read > 0; ) {
      read = readSync(file, buffer)
      digest.update(buffer.subarray(0, read))
    }
    return digest.digest('hex')
  } finally {
    closeSync(file)
  }
}
