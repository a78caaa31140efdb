// Adds to the number under "count" of a folder store by compare-and-swap, as often as told.
import { createFolderStorage } from './folder.ts'
import { increment } from './storage-conditions-suite.ts'

const [root = '', count = ''] = process.argv.slice(2)
const storage = await createFolderStorage(root)
await increment(storage, Number(count))
await storage.close()
