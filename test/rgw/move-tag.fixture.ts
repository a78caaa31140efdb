// Moves one tag of a store, as often as told, by compare-and-swap against others who do the same. Prints the reason of each
// move that it tried, with how it ended. It says "ready" and waits for the end of its input before it begins.
import { AetherError } from '../../src/core/errors.ts'
import { type Digest, sha256Hex } from '../../src/core/id.ts'
import { parseDatasetName, parseTagName } from '../../src/core/names.ts'
import { createTagStore } from '../../src/hub/tag-store.ts'
import { hardened } from '../../src/storage/hardened.ts'
import { openStorage } from '../../src/storage/open-storage.ts'

const [url = '', who = '', count = ''] = process.argv.slice(2)
const dataset = parseDatasetName('contended')
const name = parseTagName('latest')
const storage = await openStorage(url)
const tags = createTagStore(hardened(storage, { remote: true }), Date.now)
console.log('ready')
await process.stdin.resume().toArray()

for (let done = 0, tried = 0; done < Number(count); tried++) {
  const reason = `${who}-${tried}`
  const ended = await move(reason)
  console.log(JSON.stringify({ reason, ended }))
  if (ended === 'moved') done++
}
await storage.close()

async function move(reason: string): Promise<string> {
  try {
    const from = await tags.read(dataset, name)
    await tags.swap({ dataset, name, to: sha256Hex(Buffer.from(reason)) as Digest, who, reason, action: 'tag' }, from)
    return 'moved'
  } catch (error) {
    if (error instanceof AetherError) return error.code
    throw error
  }
}
