// Writes, replaces and deletes objects of a folder store until it is killed, and prints a line for each.
import { sha256Hex } from '../core/id.ts'
import { createFolderStorage } from './folder.ts'
import { bytesOf, times } from './suite-kit.fixture.ts'

const [root = ''] = process.argv.slice(2)
const storage = await createFolderStorage(root)

async function writeForever(worker: number): Promise<never> {
  for (let n = 0; ; n++) {
    const key = `dir${n % 3}/w${worker}`
    const body = `${n} `.repeat(1 + ((n * 997) % 20_000))
    await storage.put(key, bytesOf(`${sha256Hex(body)} ${body}`))
    if (n % 5 === 4) await storage.delete(key)
    console.log(`${worker} ${n}`)
  }
}

await Promise.all(times(4, writeForever))
