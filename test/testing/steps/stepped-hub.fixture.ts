// A hub in a process of its own whose calls of its store are steps as well as those of the file system. Arguments: the folder
// of the store. Prints its address.

import { createFolderStorage } from '../../../src/storage/folder.ts'
import { hardened } from '../../../src/storage/hardened.ts'
import type { Storage } from '../../../src/storage/storage.ts'
import { wrapStorage } from '../../../src/storage/wrap-storage.ts'
import { startHub } from '../hub.fixture.ts'
import { die, passGate, siteOf } from './step-gate.fixture.ts'

/** Calls that are killed before or after; they do not fail. */
function withSteps(storage: Storage): Storage {
  return wrapStorage(storage, async ({ operation, key, signal }, perform) => {
    const how = passGate(siteOf(`store ${operation}`, [key]))
    if (how === 'before') die()
    try {
      return await perform(signal)
    } finally {
      if (how === 'after') die()
    }
  })
}

const [folder = ''] = process.argv.slice(2)
const storage = hardened(withSteps(await createFolderStorage(folder)), { remote: false })
const { url } = await startHub({ storage })
console.log(url)
