import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ERRNO, OPCODE } from './constants.ts'
import { requestBytes, words } from './kernel.fixture.ts'
import { createNodeTable } from './nodes.ts'
import type { Operations } from './operations.ts'
import { done, failed, type Reply } from './reply.ts'
import { createSession, type Device, type Session } from './session.ts'

interface Answer {
  unique: number
  error: number
  body: string
}

interface Bench {
  session: Session
  ended: Promise<void>
  answers: Answer[]
  failures: Error[]
  /** The kernel asks, or its device fails with this. */
  push(next: Buffer | string): void
  /** Resolves when there are so many answers. */
  answered(count: number): Promise<void>
}

/** @param answer what the operations make of a request @param refuse why the kernel does not take an answer */
function bench(answer: Operations['answer'], refuse: (answer: Answer) => string | undefined = () => undefined): Bench {
  const queue: (Buffer | string)[] = []
  const readers: ((next: Buffer | string) => void)[] = []
  const answers: Answer[] = []
  const failures: Error[] = []
  const fault = (code: string) => Object.assign(new Error(code), { code })
  const device: Device = {
    async read(buffer) {
      const next = queue.shift() ?? (await new Promise<Buffer | string>((resolve) => readers.push(resolve)))
      if (typeof next === 'string') throw fault(next)
      return next.copy(buffer)
    },
    reply(parts) {
      const bytes = Buffer.concat(parts)
      assert.equal(bytes.readUInt32LE(0), bytes.length)
      const told = { unique: bytes.readUInt32LE(8), error: 0 - bytes.readInt32LE(4), body: bytes.toString('utf8', 16) }
      const refusal = refuse(told)
      if (refusal !== undefined) throw fault(refusal)
      answers.push(told)
    },
    async notify(parts) {
      if (Buffer.concat(parts).includes('unknown')) throw fault('ENOENT')
      answers.push({ unique: 0, error: 0 - Buffer.concat(parts).readInt32LE(4), body: '' })
    },
  }
  const onFailure = (error: Error) => failures.push(error)
  const session = createSession({ device, operations: { answer }, nodes: createNodeTable(), loops: 2, onFailure })
  return {
    session,
    ended: session.run(),
    answers,
    failures,
    push(next) {
      const reader = readers.shift()
      if (reader) reader(next)
      else queue.push(next)
    },
    async answered(count) {
      while (answers.length < count) await new Promise((resolve) => setImmediate(resolve))
    },
  }
}

function endOf({ push, ended }: Bench, code = 'ENODEV'): Promise<void> {
  push(code)
  push(code)
  return ended
}

describe('createSession', () => {
  it('answers requests as they are done, and ends when the folder is unmounted', async () => {
    const slow = Promise.withResolvers<Reply>()
    const kernel = bench(async ({ unique }) => (unique === 2 ? slow.promise : done(Buffer.from(`for ${unique}`))))
    kernel.push(requestBytes(OPCODE.read, 1, undefined, 2))
    kernel.push(requestBytes(OPCODE.read, 1, undefined, 4))
    await kernel.answered(1)
    slow.resolve(failed(ERRNO.EIO))
    await kernel.answered(2)
    assert.deepEqual(kernel.answers, [
      { unique: 4, error: 0, body: 'for 4' },
      { unique: 2, error: ERRNO.EIO, body: '' },
    ])
    await endOf(kernel)
  })

  it('keeps the request that it works on when the next one comes', async () => {
    const release = Promise.withResolvers<void>()
    const kernel = bench(async ({ body }) => {
      await release.promise
      return done(body)
    })
    for (const [i, text] of ['one', 'two', 'three'].entries())
      kernel.push(requestBytes(OPCODE.lookup, 1, Buffer.from(text), 2 + i * 2))
    setImmediate(release.resolve)
    await kernel.answered(3)
    assert.deepEqual(kernel.answers.map(({ body }) => body).sort(), ['one', 'three', 'two'])
    await endOf(kernel)
  })

  it('goes on after reads that were interrupted, and ends when the connection is aborted', async () => {
    const kernel = bench(async () => done())
    for (const code of ['EINTR', 'EAGAIN', 'ENOENT']) kernel.push(code)
    kernel.push(requestBytes(OPCODE.statfs, 1))
    await kernel.answered(1)
    await endOf(kernel, 'ECONNABORTED')
  })

  it('fails when the device fails', async () => {
    await assert.rejects(
      endOf(
        bench(async () => done()),
        'EPERM',
      ),
      { code: 'EPERM' },
    )
  })

  it('passes over bytes that are no request, and says so', async () => {
    const kernel = bench(async () => done())
    kernel.push(Buffer.from('not a request'))
    kernel.push(requestBytes(OPCODE.batchForget, 1, words(2 ** 32 - 1, 0)))
    kernel.push(requestBytes(OPCODE.statfs, 1))
    await kernel.answered(1)
    assert.equal(kernel.failures.length, 2)
    await endOf(kernel)
  })

  it('answers neither FORGET nor BATCH_FORGET', async () => {
    const kernel = bench(async () => done())
    kernel.push(requestBytes(OPCODE.forget, 9, words(1n)))
    kernel.push(requestBytes(OPCODE.batchForget, 1, words(1, 0, 9n, 1n)))
    kernel.push(requestBytes(OPCODE.statfs, 1, undefined, 8))
    await kernel.answered(1)
    assert.deepEqual(
      kernel.answers.map(({ unique }) => unique),
      [8],
    )
    await endOf(kernel)
  })

  it('stops what nobody waits for, and has an early interrupt sent again', async () => {
    const kernel = bench(async (_, signal) => {
      await new Promise((resolve) => signal.addEventListener('abort', resolve))
      return failed(ERRNO.EINTR)
    })
    kernel.push(requestBytes(OPCODE.interrupt, 0, words(2n), 3))
    await kernel.answered(1)
    kernel.push(requestBytes(OPCODE.read, 1, undefined, 2))
    kernel.push(requestBytes(OPCODE.interrupt, 0, words(2n), 3))
    await kernel.answered(2)
    assert.deepEqual(kernel.answers, [
      { unique: 3, error: ERRNO.EAGAIN, body: '' },
      { unique: 2, error: ERRNO.EINTR, body: '' },
    ])
    await endOf(kernel)
  })

  it('counts back what the kernel did not take, and leaves nobody waiting', async () => {
    let undone = 0
    let released = 0
    const reply = { ...done(Buffer.from('x')), undo: () => void undone++, release: () => void released++ }
    const kernel = bench(
      async () => reply,
      ({ unique, error }) => (unique === 2 ? 'ENOENT' : error === 0 ? 'EINVAL' : undefined),
    )
    kernel.push(requestBytes(OPCODE.lookup, 1, undefined, 2))
    kernel.push(requestBytes(OPCODE.lookup, 1, undefined, 4))
    await kernel.answered(1)
    assert.deepEqual(kernel.answers, [{ unique: 4, error: ERRNO.EIO, body: '' }])
    assert.deepEqual([undone, released], [2, 2])
    assert.equal(kernel.failures.length, 1)
    await endOf(kernel)
  })

  it('tells the kernel what to forget, also what it does not know', async () => {
    const kernel = bench(async () => done())
    await kernel.session.forgetName(1, 'a.txt')
    await kernel.session.forgetName(1, 'unknown')
    await kernel.session.forgetNode(1)
    assert.deepEqual(
      kernel.answers.map(({ error }) => error),
      [-3, -2],
    )
    await endOf(kernel)
  })
})
