// Trees of files: as values, on disk, and on disk as values again.
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { createReadStream, type Dirent } from 'node:fs'
import { chmod, lstat, mkdir, readdir, readlink, rm, rmdir, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { compareBytes } from '../../src/core/path.ts'

export type Node =
  | { kind: 'file'; bytes: Uint8Array; executable?: boolean }
  | { kind: 'folder' }
  | { kind: 'link'; target: string }

/** What there is, by path. Folders only where nothing is below them. */
export type Tree = Record<string, Node>

export function file(bytes: Uint8Array | string, executable = false): Node {
  return { kind: 'file', bytes: Buffer.from(bytes), executable }
}

/** Puts a tree on disk; `folder` is made. */
export async function writeTree(folder: string, tree: Tree): Promise<void> {
  await mkdir(folder, { recursive: true })
  for (const [path, node] of Object.entries(tree)) await writeNode(join(folder, path), node)
}

async function writeNode(path: string, node: Node): Promise<void> {
  await mkdir(node.kind === 'folder' ? path : dirname(path), { recursive: true })
  if (node.kind === 'file') await writeFile(path, node.bytes, { mode: node.executable ? 0o755 : 0o644 })
  if (node.kind === 'link') await symlink(node.target, path)
}

/** Brings a folder from one tree to another; what is the same in both is not touched, and files that change stay in place. */
export async function updateTree(folder: string, before: Tree, after: Tree): Promise<void> {
  for (const path of Object.keys(before)) if (!staysInPlace(before[path], after[path])) await removeNode(folder, path)
  for (const [path, node] of Object.entries(after)) {
    if (node === before[path]) continue
    await writeNode(join(folder, path), node)
    if (node.kind === 'file') await chmod(join(folder, path), node.executable ? 0o755 : 0o644)
  }
}

function staysInPlace(before: Node | undefined, after: Node | undefined): boolean {
  return before === after || (before?.kind === 'file' && after?.kind === 'file')
}

/** With the folders that are empty then: an empty folder is an entry of its own. */
async function removeNode(root: string, path: string): Promise<void> {
  await rm(join(root, path), { recursive: true })
  for (let folder = dirname(path); folder !== '.'; folder = dirname(folder)) {
    if ((await readdir(join(root, folder))).length > 0) return
    await rmdir(join(root, folder))
  }
}

/** One line for each entry, sorted: all that a snapshot keeps of it but for the time. */
export async function treeOf(folder: string): Promise<string[]> {
  const lines: string[] = []
  for await (const { path, line } of linesBelow(folder, '')) lines.push(`${JSON.stringify(path)} ${line}`)
  return lines.sort(compareBytes)
}

async function* linesBelow(root: string, folder: string): AsyncGenerator<{ path: string; line: string }> {
  const entries = await readdir(join(root, folder), { withFileTypes: true })
  if (entries.length === 0 && folder !== '') yield { path: folder, line: 'empty folder' }
  for (const entry of entries) {
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`
    if (entry.isDirectory()) yield* linesBelow(root, path)
    else yield { path, line: await lineOf(join(root, path), entry) }
  }
}

async function lineOf(path: string, entry: Dirent): Promise<string> {
  if (entry.isSymbolicLink()) return `link to ${JSON.stringify(await readlink(path))}`
  if (!entry.isFile()) return 'neither file nor folder nor link'
  const { mode, size } = await lstat(path)
  return `file ${mode & 0o100 ? 'x' : '-'} ${size} ${await sha256Of(path)}`
}

export async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const part of createReadStream(path)) hash.update(part as Buffer)
  return hash.digest('hex')
}

const run = promisify(execFile)
const SCRIPT = new URL('../../scripts/snapshot-digest.sh', import.meta.url).pathname

/** The digest of a folder as coreutils work it out: 64 hex digits. */
export async function digestByScript(folder: string): Promise<string> {
  const { stdout } = await run(SCRIPT, [folder])
  return /^(?:sha256:)?([0-9a-f]{64})\b/.exec(stdout)?.[1] ?? `no digest in ${JSON.stringify(stdout)}`
}
