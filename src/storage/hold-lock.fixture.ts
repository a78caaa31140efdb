// Takes a lock, says so, and keeps it until its input ends or it is killed.
import { createProcessLock } from './process-lock.ts'

const [path = ''] = process.argv.slice(2)
await createProcessLock(path).run(async () => {
  console.log('held')
  await process.stdin.resume().toArray()
})
