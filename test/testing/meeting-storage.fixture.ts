import type { Storage } from '../../src/storage/storage.ts'
import { wrapStorage } from './wrapped-storage.fixture.ts'

/**
 * Holds those who are about to replace an object back until so many have come: each has read the same state before. It
 * happens once.
 * @param key its end
 */
export function meetingStorage(storage: Storage, key: string, count: number): Storage {
  let waiting: (() => void)[] = []
  return wrapStorage(storage, async (call, name, perform) => {
    if (call === 'put' && name.endsWith(key) && (await storage.head(name)) !== undefined) {
      await new Promise<void>((resolve) => {
        waiting.push(resolve)
        if (waiting.length < count) return
        for (const go of waiting) go()
        waiting = []
        count = 1
      })
    }
    return perform()
  })
}
