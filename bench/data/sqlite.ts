// A SQLite database as an export makes it, and the same a night later: rows updated all over the place, some inserted.
import { copyFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { createRandom, type Random } from './random.ts'

export interface Share {
  /** Part of the rows that are updated, from 0 to 1. */
  updated: number
  inserted: number
}

/** What a row takes in the file, with its part of the index. */
const ROW_BYTES = 316

export function makeDatabases(v1: string, v2: string, bytes: number, share: Share): void {
  const rows = Math.ceil(bytes / ROW_BYTES)
  const [before, after] = [join(v1, 'places.sqlite'), join(v2, 'places.sqlite')]
  writeDatabase(before, (database) => fill(database, rows))
  copyFileSync(before, after)
  writeDatabase(after, (database) => change(database, rows, share))
}

/** Without syncs: nobody wants this file after a loss of power. */
function writeDatabase(path: string, write: (database: DatabaseSync) => void): void {
  const database = new DatabaseSync(path)
  try {
    database.exec('PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; BEGIN')
    write(database)
    database.exec('COMMIT')
  } finally {
    database.close()
  }
}

function fill(database: DatabaseSync, rows: number): void {
  database.exec('CREATE TABLE places (id INTEGER PRIMARY KEY, name TEXT, visits INTEGER, about TEXT)')
  insert(database, rows, createRandom(1))
  database.exec('CREATE INDEX places_by_name ON places (name)')
}

function change(database: DatabaseSync, rows: number, { updated, inserted }: Share): void {
  const random = createRandom(2)
  const update = database.prepare('UPDATE places SET visits = ?, about = ? WHERE id = ?')
  for (let i = 0; i < rows * updated; i++) update.run(random.below(1e9), random.words(40), 1 + random.below(rows))
  insert(database, Math.ceil(rows * inserted), random)
}

function insert(database: DatabaseSync, rows: number, random: Random): void {
  const statement = database.prepare('INSERT INTO places (name, visits, about) VALUES (?, ?, ?)')
  for (let i = 0; i < rows; i++) statement.run(random.words(3), random.below(1e9), random.words(40))
}
