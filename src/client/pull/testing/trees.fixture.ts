// Trees for the tests of pulls, made from seeds, and what a folder on disk looks like as one.
import { lstatSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { sha256Hex } from '../../../core/id.ts'
import { microsOf, type Tree } from './memory-hub.fixture.ts'

/** Bytes that look random and are the same for the same seed. */
export function noise(seed: number, length: number): Buffer {
  const words = new Uint32Array(Math.ceil(length / 4))
  let state = (seed * 2654435761) >>> 0 || 1
  for (let i = 0; i < words.length; i++) {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    words[i] = state
  }
  return Buffer.from(words.buffer, 0, length)
}

export function file(bytes: Uint8Array | string, more: { executable?: boolean; micros?: number } = {}) {
  return { kind: 'file' as const, bytes: Buffer.from(bytes), ...more }
}

/** What a test looks at: kind, mode, time and bytes of everything, by path. */
export type Shape = Record<string, string>

/** @param times false to leave modification times out, for files that are shared with older versions. */
export function shapeOfTree(tree: Tree, times = true): Shape {
  const shape: Shape = {}
  for (const [path, entry] of Object.entries(tree)) {
    const time = times ? ` ${microsOf(path, entry)}` : ''
    if (entry.kind === 'file') shape[path] = `file ${entry.executable ? 555 : 444} ${sha256Hex(entry.bytes)}${time}`
    else if (entry.kind === 'link') shape[path] = `link ${entry.target}${time}`
    else shape[path] = `folder${time}`
  }
  return sorted(shape)
}

export function shapeOfFolder(folder: string, times = true): Shape {
  const shape: Shape = {}
  addFolder(shape, folder, '', times)
  return sorted(shape)
}

function addFolder(shape: Shape, root: string, folder: string, times: boolean): void {
  const names = readdirSync(join(root, folder))
  for (const name of names) addEntry(shape, root, folder === '' ? name : `${folder}/${name}`, times)
}

function addEntry(shape: Shape, root: string, path: string, times: boolean): void {
  const stat = lstatSync(join(root, path))
  const time = times ? ` ${Math.round(stat.mtimeMs * 1000)}` : ''
  if (stat.isSymbolicLink()) shape[path] = `link ${readlinkSync(join(root, path))}${time}`
  else if (stat.isFile()) {
    shape[path] = `file ${(stat.mode & 0o777).toString(8)} ${sha256Hex(readFileSync(join(root, path)))}${time}`
  } else if (readdirSync(join(root, path)).length === 0) shape[path] = `folder${time}`
  else addFolder(shape, root, path, times)
}

function sorted(shape: Shape): Shape {
  return Object.fromEntries(Object.entries(shape).sort(([a], [b]) => (a < b ? -1 : 1)))
}

/** A folder that is gone after the test. */
export function temporaryFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'aetherfs-pull-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}
