// Opens a pulled SQLite file where it lies, as a consumer does.
import { DatabaseSync } from 'node:sqlite'

/** What is wrong with it, in words; nothing when all is well. */
export function checkDatabase(path: string, rows: number): string[] {
  const database = new DatabaseSync(path, { readOnly: true })
  try {
    const { integrity_check: integrity } = database.prepare('PRAGMA integrity_check').get() as {
      integrity_check: string
    }
    const { count } = database.prepare('SELECT count(*) AS count FROM places').get() as { count: number }
    return [
      ...(integrity === 'ok' ? [] : [`${path}: ${integrity}`]),
      ...(count === rows ? [] : [`${path} has ${count} rows, not ${rows}`]),
    ]
  } finally {
    database.close()
  }
}
