// Makes a data set as producers have them: a SQLite database, a CSV, some hundred small files; about 60 MB.
import { createWriteStream } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createRandom, type Random } from './random.ts'

export const DATABASE = 'places.sqlite'
export const CSV = 'readings.csv'
export const NOTES = 'notes'

export const ROWS = 100_000
export const LINES = 300_000
export const FILES = 400

export async function makeDataSet(folder: string, seed: number): Promise<void> {
  const random = createRandom(seed)
  await mkdir(join(folder, NOTES), { recursive: true })
  makeDatabase(join(folder, DATABASE), random)
  await makeCsv(join(folder, CSV), random)
  for (let i = 0; i < FILES; i++) await writeFile(join(folder, NOTES, noteName(i)), note(i, random))
}

function makeDatabase(path: string, random: Random): void {
  const database = new DatabaseSync(path)
  database.exec('PRAGMA journal_mode = DELETE; PRAGMA synchronous = OFF')
  database.exec('CREATE TABLE places (id INTEGER PRIMARY KEY, name TEXT, country TEXT, population INTEGER, about TEXT)')
  const insert = database.prepare('INSERT INTO places VALUES (?, ?, ?, ?, ?)')
  database.exec('BEGIN')
  // One country after the other, as such tables are when they come out of an export.
  for (let id = 1; id <= ROWS; id++)
    insert.run(id, random.words(2), countryOf(id), random.below(9_000_000), random.words(40))
  database.exec('COMMIT; CREATE INDEX places_by_name ON places (name)')
  database.close()
}

export function countryOf(id: number): string {
  return `C${String(Math.floor(((id - 1) * 100) / ROWS)).padStart(2, '0')}`
}

async function makeCsv(path: string, random: Random): Promise<void> {
  await pipeline(Readable.from(csvLines(random)), createWriteStream(path))
}

function* csvLines(random: Random): Generator<string> {
  yield 'station,time,celsius,humidity,remark\n'
  for (let i = 0; i < LINES; i += 1000) {
    yield Array.from({ length: 1000 }, (_, j) => reading(i + j, random)).join('')
  }
}

/** Stations one after the other, a hundred of them. */
export function reading(line: number, random: Random): string {
  const station = Math.floor((line * 100) / LINES)
  const time = new Date(Date.UTC(2026, 0, 1) + line * 60_000).toISOString()
  return `S${station},${time},${(random.below(500) / 10 - 10).toFixed(1)},${random.below(100)},${random.words(4)}\n`
}

export function noteName(index: number): string {
  return `note-${String(index).padStart(3, '0')}.json`
}

export function note(index: number, random: Random): string {
  const paragraphs = Array.from({ length: 30 }, () => random.words(30))
  return `${JSON.stringify({ index, title: random.words(3), paragraphs }, null, 1)}\n`
}
