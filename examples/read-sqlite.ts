// A producer that publishes a SQLite database, and a consumer that follows it and reads each new version in place.
//
//   aetherfs run                     in one terminal
//   node examples/read-sqlite.ts     in another; "npx node" in a clone brings the Node that is needed
//
// In a project of your own the import is: import { type Client, connect } from 'aetherfs'
import { mkdtemp, realpath, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { pathToFileURL } from 'node:url'
import { type Client, connect } from '../src/client/index.ts'

const FILE = 'prices.sqlite'

/** Pushes a copy of a database that is in use. */
export async function publish(client: Client, database: DatabaseSync, references: string[]): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'read-sqlite-'))
  try {
    // One consistent file, without the journal that the original may have beside it.
    database.prepare('VACUUM INTO ?').run(join(folder, FILE))
    await client.push(folder, references, { message: 'prices of today' })
  } finally {
    await rm(folder, { recursive: true })
  }
}

/** Calls `use` with the version that the tag points to now, and then with each that it moves to. */
export async function follow(
  client: Client,
  reference: string,
  options: { folder: string; signal?: AbortSignal; intervalMs?: number },
  use: (database: DatabaseSync, digest: string) => void | Promise<void>,
): Promise<void> {
  const { folder, signal, intervalMs } = options
  for await (const _ of client.watch(reference, { signal, intervalMs })) {
    const [pulled] = await client.pull(folder, [reference], { signal })
    using database = openReadOnly(join(await realpath(pulled!.path), FILE))
    await use(database, pulled!.digest)
  }
}

/**
 * Opens a database that will never change. "immutable" tells SQLite so: it then takes no locks and makes no files beside
 * the database, which do not belong to the version.
 */
function openReadOnly(path: string): DatabaseSync {
  const address = pathToFileURL(path)
  address.searchParams.set('immutable', '1')
  return new DatabaseSync(address, { readOnly: true })
}

async function main(): Promise<void> {
  const client = connect({ host: process.env.AETHERFS_HOST })
  const folder = await mkdtemp(join(tmpdir(), 'read-sqlite-'))
  using source = new DatabaseSync(':memory:')
  source.exec("CREATE TABLE price (item TEXT PRIMARY KEY, cents INTEGER); INSERT INTO price VALUES ('tea', 350)")
  await publish(client, source, ['prices:latest'])

  const enough = new AbortController()
  await follow(client, 'prices:latest', { folder, signal: enough.signal }, async (database, digest) => {
    const { cents } = database.prepare('SELECT cents FROM price WHERE item = ?').get('tea') as { cents: number }
    console.log(`tea costs ${cents} cents in ${digest.slice(0, 12)}`)
    if (cents > 350) return enough.abort()
    source.exec('UPDATE price SET cents = cents + 20')
    await publish(client, source, ['prices:latest'])
  })
  client.close()
  await rm(folder, { recursive: true })
}

if (import.meta.main) await main()
