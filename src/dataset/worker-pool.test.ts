import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createWorkerPool } from './worker-pool.ts'

const echo = new URL('./echo-worker.fixture.ts', import.meta.url)

describe('createWorkerPool', () => {
  it('runs more jobs than it has threads, and passes errors on', async () => {
    const pool = createWorkerPool<string, string>(echo, 2)
    const results = await Promise.allSettled(['a', 'fail', 'b', 'c', 'd'].map((job) => pool.run(job)))
    assert.deepEqual(
      results.map((r) => (r.status === 'fulfilled' ? r.value : r.reason.code)),
      ['a!', 'integrity', 'b!', 'c!', 'd!'],
    )
    await pool.close()
    await assert.rejects(pool.run('x'), { code: 'cancelled' })
  })

  it('goes on after a thread died in the middle of a job', async () => {
    const pool = createWorkerPool<string, string>(echo, 1)
    await assert.rejects(pool.run('die'), { code: 'cancelled' })
    await assert.rejects(pool.run('throw'), /thrown/)
    assert.equal(await pool.run('a'), 'a!')
    await pool.close()
  })

  it('closes when an answer is on its way', async () => {
    const pool = createWorkerPool<string, string>(echo, 1)
    await pool.run('a')
    const job = pool.run('b')
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300) // the answer is there and nobody has looked yet
    await pool.close()
    assert.equal(await job, 'b!')
  })

  it('fails what waits when it is closed', async () => {
    const pool = createWorkerPool<string, string>(echo, 1)
    const jobs = Promise.allSettled(['hang', 'a'].map((job) => pool.run(job)))
    await pool.close()
    assert.deepEqual(
      (await jobs).map((r) => r.status),
      ['rejected', 'rejected'],
    )
  })
})
