// The next night: 1 % of the rows, lines and files are new. The rows of one country and the lines of one station, as
// corrections usually come.
import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { CSV, countryOf, DATABASE, FILES, LINES, NOTES, note, noteName, reading } from './make-data-set.ts'
import { createRandom, type Random } from './random.ts'

export async function changeDataSet(folder: string, seed: number): Promise<void> {
  const random = createRandom(seed)
  changeDatabase(join(folder, DATABASE), random)
  await changeCsv(join(folder, CSV), random)
  await changeFiles(join(folder, NOTES), random)
}

function changeDatabase(path: string, random: Random): void {
  const database = new DatabaseSync(path)
  database.exec('PRAGMA synchronous = OFF')
  const ids = database.prepare('SELECT id FROM places WHERE country = ?').all(countryOf(42_000)) as { id: number }[]
  const update = database.prepare('UPDATE places SET population = ?, about = ? WHERE id = ?')
  database.exec('BEGIN')
  for (const { id } of ids) update.run(random.below(9_000_000), random.words(40), id)
  database.exec('COMMIT')
  database.close()
}

async function changeCsv(path: string, random: Random): Promise<void> {
  const lines = (await readFile(path, 'utf8')).split('\n')
  const first = Math.floor(LINES * 0.7)
  for (let i = first; i < first + LINES / 100; i++) lines[i + 1] = reading(i, random).trimEnd()
  await writeFile(path, lines.join('\n'))
}

/** Two changed, one added, one gone. */
async function changeFiles(folder: string, random: Random): Promise<void> {
  for (const index of [17, 170]) await writeFile(join(folder, noteName(index)), note(index, random))
  await writeFile(join(folder, noteName(FILES)), note(FILES, random))
  await rm(join(folder, noteName(300)))
}
