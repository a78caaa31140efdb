// The same tree as an archive of every kind that a push takes.
import { writeFile } from 'node:fs/promises'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { type TarPart, tarOf } from '../../src/dataset/sources/tar.fixture.ts'
import { type ZipPart, zipOf } from '../../src/dataset/sources/zip.fixture.ts'
import type { Node, Tree } from './tree.fixture.ts'

const S_IFREG = 0o100000
const S_IFLNK = 0o120000
const S_IFDIR = 0o040000

/** Paths up to 100 bytes. */
export function tarTree(tree: Tree): Buffer {
  return tarOf(...Object.entries(tree).map(([path, node]) => tarNode(path, node)))
}

function tarNode(name: string, node: Node): TarPart {
  if (node.kind === 'folder') return { name: `${name}/`, type: '5', mode: 0o755 }
  if (node.kind === 'link') return { name, type: '2', link: node.target, mode: 0o777 }
  return { name, body: Buffer.from(node.bytes), mode: node.executable ? 0o755 : 0o644 }
}

export function zipTree(tree: Tree): Buffer {
  return zipOf(...Object.entries(tree).map(([path, node]) => zipNode(path, node)))
}

function zipNode(name: string, node: Node): ZipPart {
  if (node.kind === 'folder') return { name: `${name}/`, mode: S_IFDIR | 0o755 }
  if (node.kind === 'link') return { name, body: node.target, mode: S_IFLNK | 0o777 }
  return { name, body: Buffer.from(node.bytes), method: 8, mode: S_IFREG | (node.executable ? 0o755 : 0o644) }
}

/** Writes the tree to `<stem>.tar`, `.tar.gz`, `.tar.zst` and `.zip`; answers the paths. */
export async function writeArchives(stem: string, tree: Tree): Promise<string[]> {
  const tar = tarTree(tree)
  const archives: Record<string, Buffer> = {
    '.tar': tar,
    '.tar.gz': gzipSync(tar),
    '.tar.zst': zstdCompressSync(tar),
    '.zip': zipTree(tree),
  }
  for (const [ending, bytes] of Object.entries(archives)) await writeFile(stem + ending, bytes)
  return Object.keys(archives).map((ending) => stem + ending)
}
