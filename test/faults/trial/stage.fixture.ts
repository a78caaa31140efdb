// What trials push: a few data sets that have much in common, with the digests that coreutils compute for them.
import type { Digest } from '../../../src/client/index.ts'
import { parseDigest } from '../../../src/core/id.ts'
import { randomBytesOf } from '../../testing/random.fixture.ts'
import { type TemporaryFolder, temporaryFolder } from '../../testing/temporary-folder.fixture.ts'
import { digestByScript, file, type Tree, treeOf, writeTree } from '../../testing/tree.fixture.ts'

const KiB = 1024

export interface Source {
  path: string
  digest: Digest
  tree: Tree
  /** The tree as lines, to compare folders with. */
  lines: string
}

export interface Stage extends AsyncDisposable {
  folder: TemporaryFolder
  sources: Source[]
  byDigest: ReadonlyMap<string, Source>
}

/** @param size bytes that are different in each; six times as many are in all of them, as one file */
export async function openStage(size = 200 * KiB, count = 4): Promise<Stage> {
  const folder = await temporaryFolder()
  const sources: Source[] = []
  for (let i = 0; i < count; i++) {
    const tree = treeNumber(i, size)
    const path = folder.at(`source-${i}`)
    await writeTree(path, tree)
    const digest = parseDigest(`sha256:${await digestByScript(path)}`)
    sources.push({ path, digest, tree, lines: await linesOf(path) })
  }
  const byDigest = new Map(sources.map((source) => [source.digest as string, source]))
  return { folder, sources, byDigest, [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() }
}

function treeNumber(i: number, size: number): Tree {
  return {
    'common.bin': file(randomBytesOf(6 * size, 'common')),
    [`own-${i}.bin`]: file(randomBytesOf(size, `own ${i}`)),
    'table.csv': file(`id,version ${i}\n`.repeat(5000 + i)),
    'small/one.txt': file('the same for all'),
    'small/two.txt': file(`number ${i}`),
    'bin/run': file('#!/bin/sh\n', i % 2 === 0),
    empty: { kind: 'folder' },
    link: { kind: 'link', target: 'small/two.txt' },
  }
}

/** All that a snapshot keeps of a folder, as one text. */
export async function linesOf(folder: string): Promise<string> {
  return (await treeOf(folder)).join('\n')
}
