// Data as people push it: an embedded database, a table as text, and many small files. Made by the seed alone.
import { mkdirSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { createRandom, type Random } from './random.fixture.ts'

const WORDS = [
  'amber',
  'basin',
  'cedar',
  'delta',
  'ember',
  'fjord',
  'grove',
  'haven',
  'inlet',
  'jetty',
  'kelp',
  'lagoon',
]

function words(random: Random, count: number): string {
  return Array.from({ length: count }, () => random.pick(WORDS)).join(' ')
}

/** A database of `rows` rows, about 120 bytes each. */
export function makeDatabase(path: string, rows: number, seed: number): void {
  mkdirSync(dirname(path), { recursive: true })
  const random = createRandom(seed)
  const database = new DatabaseSync(path)
  database.exec('CREATE TABLE places (id INTEGER PRIMARY KEY, name TEXT, lat REAL, lon REAL, note TEXT)')
  database.exec('BEGIN')
  const insert = database.prepare('INSERT INTO places VALUES (?, ?, ?, ?, ?)')
  for (let id = 1; id <= rows; id++) {
    insert.run(id, words(random, 2), random.next() * 90, random.next() * 180, words(random, 10))
  }
  database.exec('COMMIT')
  database.close()
}

/** Changes one row in `every`, spread over the whole table. */
export function changeDatabase(path: string, every: number, seed: number): void {
  const random = createRandom(seed)
  const database = new DatabaseSync(path)
  database.prepare('UPDATE places SET note = ? WHERE id % ? = 0').run(words(random, 10), every)
  database.close()
}

export function csvText(rows: number, seed: number): string {
  const random = createRandom(seed)
  const lines = Array.from(
    { length: rows },
    (_, i) => `${i},${words(random, 3)},${random.int(0, 1e6)},${words(random, 5)}`,
  )
  return `id,name,value,note\n${lines.join('\n')}\n`
}

/** A folder like that of the demo: a database, a table, small files. */
export async function makeDataSet(folder: string, { rows = 5000, files = 60, seed = 1 } = {}): Promise<void> {
  await mkdir(folder, { recursive: true })
  makeDatabase(join(folder, 'places.sqlite'), rows, seed)
  await writeFile(join(folder, 'places.csv'), csvText(rows, seed + 1))
  const random = createRandom(seed + 2)
  for (let i = 0; i < files; i++) {
    const path = join(folder, 'small', `${i % 7}`, `file-${i}.json`)
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, JSON.stringify({ i, text: words(random, random.int(1, 200)) }))
  }
}
