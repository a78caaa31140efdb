// The data sets of the bench: what is in each, and making them once for each work folder.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { makeBinaries, makeModel } from './binaries.ts'
import { type Contents, contentsOf } from './digest.ts'
import { makeLargeFile } from './large-file.ts'
import { makeLmdb } from './lmdb.ts'
import { makeOneByte } from './one-byte.ts'
import { makeRewritten } from './rewritten.ts'
import { makeSmallFiles } from './small-files.ts'
import { makeDatabases } from './sqlite.ts'
import { makeTexts } from './text.ts'

export interface DataSet {
  name: string
  /** Folder of the first version. Files that both have are the same inodes, as in a folder that was changed in place. */
  v1: string
  v2: string
  contents: { v1: Contents; v2: Contents }
}

/** Writes both versions of some data into two folders. */
type Maker = (v1: string, v2: string, scale: number) => void

const MiB = 1 << 20
/** Data that is made differently gets another number, so that none of before is taken for it. */
const GENERATION = 4

const LOW = { updated: 0.001, inserted: 0.0005 }
const HIGH = { updated: 0.01, inserted: 0.005 }

const MAKERS = {
  'sqlite-low': (v1, v2, scale) => makeDatabases(v1, v2, 64 * MiB * scale, LOW),
  'sqlite-high': (v1, v2, scale) => makeDatabases(v1, v2, 64 * MiB * scale, HIGH),
  text: (v1, v2, scale) => makeTexts(v1, v2, 64 * MiB * scale),
  binaries: (v1, v2, scale) => makeBinaries(v1, v2, 64 * MiB * scale),
  files: (v1, v2, scale) => makeSmallFiles(v1, v2, 20_000 * scale, 4000),
  mixed(v1, v2, scale) {
    inFolder('database', v1, v2, (one, two) => makeDatabases(one, two, 400 * MiB * scale, HIGH))
    inFolder('text', v1, v2, (one, two) => makeTexts(one, two, 200 * MiB * scale))
    inFolder('models', v1, v2, (one, two) => makeBinaries(one, two, 200 * MiB * scale))
    inFolder('notes', v1, v2, (one, two) => makeSmallFiles(one, two, 20_000 * scale, 10_850))
  },
  incompressible: (v1, v2, scale) => makeBinaries(v1, v2, 1024 * MiB * scale),
  model: (v1, v2, scale) => makeModel(v1, v2, 1024 * MiB * scale),
  few: (v1, v2) => makeSmallFiles(v1, v2, 100, 4000),
  'large-file': (v1, v2, scale) => makeLargeFile(v1, v2, 4096 * MiB * scale),
  'many-files': (v1, v2, scale) => makeSmallFiles(v1, v2, 200_000 * scale, 1000),
  lmdb: (v1, v2, scale) => makeLmdb(v1, v2, 40 * MiB * scale),
  'one-byte': (v1, v2, scale) => makeOneByte(v1, v2, Math.ceil(200 * MiB * scale)),
  rewritten: (v1, v2, scale) => makeRewritten(v1, v2, 64 * MiB * scale),
  'large-database': (v1, v2, scale) => makeDatabases(v1, v2, 1024 * MiB * scale, HIGH),
} satisfies Record<string, Maker>

export type DataSetName = keyof typeof MAKERS
export const DATA_SETS = Object.keys(MAKERS) as DataSetName[]

/** That of an earlier run in the same folder, when there is one. */
export function makeDataSet(folder: string, name: DataSetName, scale: number): DataSet {
  const at = join(folder, `${name}-${scale}-${GENERATION}`)
  const [v1, v2, note] = [join(at, 'v1'), join(at, 'v2'), join(at, 'contents.json')]
  if (!existsSync(note) || !existsSync(v1) || !existsSync(v2)) {
    rmSync(at, { recursive: true, force: true })
    for (const version of [v1, v2]) mkdirSync(version, { recursive: true })
    MAKERS[name](v1, v2, scale)
    // Files that both have get the earlier time. rsync looks at whole seconds, and making them may take less.
    setTimes(v2, new Date('2026-01-02'))
    setTimes(v1, new Date('2026-01-01'))
    writeFileSync(note, JSON.stringify({ v1: contentsOf(v1), v2: contentsOf(v2) }))
  }
  return { name, v1, v2, contents: JSON.parse(readFileSync(note, 'utf8')) }
}

function setTimes(folder: string, time: Date): void {
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (entry.isFile()) utimesSync(join(entry.parentPath, entry.name), time, time)
  }
}

function inFolder(name: string, v1: string, v2: string, make: (v1: string, v2: string) => void): void {
  const [one, two] = [join(v1, name), join(v2, name)]
  for (const folder of [one, two]) mkdirSync(folder)
  make(one, two)
}
