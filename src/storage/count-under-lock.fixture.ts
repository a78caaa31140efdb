// Adds to the number in a file under a lock, as often as told; for processes and for worker threads. Without the lock
// two of them would read the same number.
import { readFile, writeFile } from 'node:fs/promises'
import { workerData } from 'node:worker_threads'
import { createProcessLock } from './process-lock.ts'

const [path = '', file = '', count = ''] = (workerData as string[] | null) ?? process.argv.slice(2)
const lock = createProcessLock(path)
for (let done = 0; done < Number(count); done++) {
  await lock.run(async () => {
    const before = Number(await readFile(file, 'utf8'))
    await writeFile(file, String(before + 1))
  })
}
await lock.close()
