import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Client } from '../client/client.ts'
import { AetherError } from '../core/errors.ts'
import { GEO, stream } from './testing/samples.fixture.ts'
import { createTestWorld } from './testing/test-world.fixture.ts'

/** A push that waits until it is told to stop. */
function waitingPush(started: () => void): Client['push'] {
  return (_source, _references, { signal, onProgress } = {}) => {
    onProgress?.({ subject: 'geo', phase: 'read', bytes: 1 })
    return new Promise((_resolve, reject) => {
      signal?.addEventListener('abort', () => reject(signal.reason))
      started()
    })
  }
}

describe('runCli', () => {
  it('stops in an orderly way on Ctrl-C, with nothing left drawn', async () => {
    const { promise: started, resolve } = Promise.withResolvers<void>()
    const world = createTestWorld({ terminal: true, env: { NO_COLOR: '1' }, client: { push: waitingPush(resolve) } })
    const ended = world.run('push', '.', '-t', 'geo')
    await started
    world.clock.advance(100)
    world.signal('SIGINT')
    assert.equal(await ended, 130)
    assert.equal(world.stderr.text(), 'geo  Reading     1 B\n\r\x1b[1A\x1b[Jaetherfs: Interrupted\n')
    assert.equal(world.clock.timers(), 0)
  })

  it('ends at once on a second signal', async () => {
    const { promise: started, resolve } = Promise.withResolvers<void>()
    const world = createTestWorld({ client: { push: waitingPush(resolve) } })
    const ended = world.run('push', '.', '-t', 'geo')
    await started
    world.signal('SIGTERM')
    world.signal('SIGINT')
    assert.deepEqual(world.exits, [130])
    assert.equal(await ended, 130)
  })

  it('is quiet when the reader of stdout has gone', async () => {
    const world = createTestWorld({ client: { datasets: () => stream(GEO) } })
    world.stdout.close()
    assert.equal(await world.run('ls'), 0)
    assert.equal(world.stderr.text(), '')
  })

  it('reports usage errors as JSON with --json', async () => {
    const world = createTestWorld()
    assert.equal(await world.run('--json', 'sl'), 2)
    const error = { code: 'invalid', message: 'Unknown command "sl"', hint: 'Did you mean ls?', detail: {} }
    assert.deepEqual(JSON.parse(world.stderr.text()), { error })
    assert.equal(world.stdout.text(), '')
  })

  it('closes the client whatever happens', async () => {
    let closed = 0
    const failing = (): never => {
      throw new AetherError('unavailable', 'The hub is away')
    }
    const world = createTestWorld({ client: { datasets: failing, close: () => void closed++ } })
    assert.equal(await world.run('ls'), 8)
    assert.equal(closed, 1)
  })

  it('keeps what was found before a failure', async () => {
    async function* datasets() {
      yield GEO
      throw new AetherError('unavailable', 'The hub went away')
    }
    const world = createTestWorld({ client: { datasets } })
    assert.equal(await world.run('ls'), 8)
    assert.equal(world.stdout.text(), 'geo\n')
    assert.equal(world.stderr.text(), 'aetherfs: The hub went away\n')
  })

  it('shows help for the bare program on stderr, and exits with 2', async () => {
    const world = createTestWorld()
    assert.equal(await world.run(), 2)
    assert.equal(world.stdout.text(), '')
    assert.match(world.stderr.text(), /^Usage: aetherfs/)
  })
})
