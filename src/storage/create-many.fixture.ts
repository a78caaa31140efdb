// Tries to create the objects k0, k1, … of a folder store, and prints the keys where it was the first. It says "ready"
// and waits for the end of its input before it begins, so that several begin at once.
import { createFolderStorage } from './folder.ts'
import { bytesOf, outcome, times } from './suite-kit.fixture.ts'

const [root = '', count = '', name = ''] = process.argv.slice(2)
const storage = await createFolderStorage(root)
console.log('ready')
await process.stdin.resume().toArray()

const outcomes = await Promise.all(
  times(Number(count), (n) => outcome(storage.put(`k${n}`, bytesOf(name), { ifAbsent: true }))),
)
for (const [n, ended] of outcomes.entries()) if (ended === 'ok') console.log(`k${n}`)
await storage.close()
