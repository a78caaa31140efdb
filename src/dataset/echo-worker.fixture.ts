// A worker that does as its job's name says, for the test of the pool.
import { parentPort } from 'node:worker_threads'

parentPort?.on('message', (job: string) => {
  if (job === 'die') process.exit(3)
  if (job === 'throw') throw new Error('thrown in a worker')
  if (job === 'hang') return
  if (job === 'fail') parentPort?.postMessage({ error: { code: 'integrity', message: 'as asked' } })
  else parentPort?.postMessage({ result: `${job}!` })
})
