import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { before, describe, it } from 'node:test'
import { Worker } from 'node:worker_threads'
import { startFixture } from './child-process.fixture.ts'
import { createProcessLock } from './process-lock.ts'
import { times } from './suite-kit.fixture.ts'
import { temporaryRoots } from './temporary-roots.fixture.ts'

describe('createProcessLock', () => {
  const folder = temporaryRoots()()
  let made = 0
  before(() => mkdir(folder))
  const newPath = () => join(folder, `lock${made++}`)

  it('answers what the work answers, and throws what it throws', async () => {
    const lock = createProcessLock(newPath())
    assert.equal(await lock.run(async () => 'done'), 'done')
    await assert.rejects(
      lock.run(() => Promise.reject(new RangeError('mine'))),
      RangeError,
    )
    assert.equal(await lock.run(async () => 'free again'), 'free again')
  })

  it('gives callers their turns in order, one at a time', async () => {
    const lock = createProcessLock(newPath())
    const events: string[] = []
    const work = async (name: number) => {
      events.push(`+${name}`)
      await new Promise(setImmediate)
      events.push(`-${name}`)
    }
    await Promise.all(times(5, (name) => lock.run(() => work(name))))
    assert.deepEqual(events, times(5, (name) => [`+${name}`, `-${name}`]).flat())
  })

  it('lets one at a time in through several locks on one path', async () => {
    const path = newPath()
    let inside = 0
    const work = async () => {
      assert.equal(++inside, 1)
      await new Promise(setImmediate)
      inside--
    }
    await Promise.all(times(4, () => createProcessLock(path)).flatMap((lock) => times(5, () => lock.run(work))))
  })

  it('keeps different paths apart', async () => {
    const [one, other] = [createProcessLock(newPath()), createProcessLock(newPath())]
    assert.equal(await one.run(() => other.run(async () => 'both')), 'both')
  })

  it('writes nothing to its file and leaves none beside it', async () => {
    const own = join(folder, 'own')
    await mkdir(own)
    const lock = createProcessLock(join(own, 'lock'))
    const seen = await lock.run(() => readdir(own))
    assert.deepEqual([seen, await readdir(own), (await stat(join(own, 'lock'))).size], [['lock'], ['lock'], 0])
  })

  it('takes a path as it is written', async () => {
    const path = join(folder, 'file:memory ?mode=ro#%41')
    await createProcessLock(path).run(async () => {})
    assert.equal((await stat(path)).isFile(), true)
  })

  it('gives up after its timeout, whether its own process holds it or another', async () => {
    const path = newPath()
    const [lock, other] = [createProcessLock(path), createProcessLock(path, { timeout: 1 })]
    await lock.run(async () => {
      await assert.rejects(
        lock.run(async () => {}, { timeout: 0 }),
        { code: 'unavailable' },
      )
      await assert.rejects(
        other.run(async () => {}),
        { code: 'unavailable' },
      )
    })
    assert.equal(await lock.run(async () => 'free'), 'free')
    assert.equal(await other.run(async () => 'free'), 'free')
  })

  it('stops waiting when asked to, and lets those behind have their turn', async () => {
    const path = newPath()
    const [lock, other] = [createProcessLock(path), createProcessLock(path)]
    const stopper = new AbortController()
    let behind: Promise<string> | undefined
    await lock.run(async () => {
      const waiting = [lock, other].map((one) => one.run(async () => {}, { signal: stopper.signal }))
      behind = lock.run(async () => 'had my turn')
      stopper.abort()
      for (const wait of waiting) await assert.rejects(wait, { code: 'cancelled' })
    })
    assert.equal(await behind, 'had my turn')
    await assert.rejects(
      lock.run(async () => {}, { signal: AbortSignal.abort() }),
      { code: 'cancelled' },
    )
  })

  it('waits as long as it takes when told so', async () => {
    const lock = createProcessLock(newPath())
    const order: string[] = []
    const held = lock.run(async () => {
      await new Promise(setImmediate)
      order.push('first')
    })
    await lock.run(async () => void order.push('second'), { timeout: Number.POSITIVE_INFINITY })
    await held
    assert.deepEqual(order, ['first', 'second'])
  })

  it('closes when those who wait have had their turn', async () => {
    const lock = createProcessLock(newPath())
    const events: string[] = []
    const runs = times(3, (name) => lock.run(async () => void events.push(`${name}`)))
    await lock.close()
    assert.deepEqual(events, ['0', '1', '2'])
    await Promise.all(runs)
  })

  it('says why it cannot lock', async () => {
    await assert.rejects(
      createProcessLock(join(folder, 'none', 'lock')).run(async () => {}),
      {
        code: 'internal',
        message: /none\/lock": it cannot be opened/,
      },
    )
    const path = newPath()
    await writeFile(path, 'a letter to a friend '.repeat(50))
    await assert.rejects(
      createProcessLock(path).run(async () => {}),
      { code: 'internal', message: /something else/ },
    )
  })

  it('holds between processes and worker threads', async () => {
    const [path, file] = [newPath(), join(folder, 'number')]
    await writeFile(file, '0')
    const args = [path, file, '40']
    const processes = times(2, () => startFixture('count-under-lock.fixture.ts', args))
    const threads = times(
      2,
      () => new Worker(new URL('count-under-lock.fixture.ts', import.meta.url), { workerData: args }),
    )
    await Promise.all([...processes.map((child) => child.rest()), ...threads.map((thread) => once(thread, 'exit'))])
    assert.equal(await readFile(file, 'utf8'), '160')
  })

  it('is free again when the process that holds it is killed', async () => {
    const path = newPath()
    const holder = startFixture('hold-lock.fixture.ts', [path])
    assert.equal((await holder.lines.next()).value, 'held')
    const lock = createProcessLock(path)
    await assert.rejects(
      lock.run(async () => {}, { timeout: 0 }),
      { code: 'unavailable' },
    )
    await holder.kill()
    assert.equal(await lock.run(async () => 'free', { timeout: 0 }), 'free')
  })

  it('is free again when the thread that holds it is terminated', async () => {
    const path = newPath()
    const holder = new Worker(new URL('hold-lock-thread.fixture.ts', import.meta.url), { workerData: path })
    await once(holder, 'message')
    const lock = createProcessLock(path)
    await assert.rejects(
      lock.run(async () => {}, { timeout: 0 }),
      { code: 'unavailable' },
    )
    await holder.terminate()
    assert.equal(await lock.run(async () => 'free', { timeout: 0 }), 'free')
  })
})
