// A taste of test/faults/*-faults.heavy.ts for every day: a store and a network that fail, a few deeds each.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { proxyTrial } from './faults/trial/proxy-trial.fixture.ts'
import { openStage, type Stage } from './faults/trial/stage.fixture.ts'
import { allFaults, storageTrial } from './faults/trial/storage-trial.fixture.ts'
import { describeTrials, runTrials, type TrialReport } from './faults/trial/trials.fixture.ts'
import { times } from './testing/thorough.fixture.ts'

const KiB = 1024

describe('while things fail, every deed succeeds whole or fails cleanly', () => {
  let stage: Stage
  before(async () => {
    stage = await openStage(30 * KiB, 2)
  })
  after(() => stage[Symbol.asyncDispose]())

  async function run(trial: (seed: number) => Promise<TrialReport>): Promise<void> {
    const report = await runTrials({ seconds: 0, atOnce: 1, trial })
    console.log(describeTrials(report))
    assert.ok(report.calls > 0)
  }

  it('at the store of a bare hub', () =>
    run((seed) => storageTrial({ stage, seed, rates: allFaults(0.2), hardened: false, deeds: 6 })))
  it('at the store of a hub as it is run', () =>
    run((seed) => storageTrial({ stage, seed, rates: allFaults(0.3), hardened: true, deeds: times(6, 3) })))
  it('on the way to hubs', () => run((seed) => proxyTrial({ stage, seed, rate: 0.3, deeds: 5, behind: 'hubs' })))
  it('on the way to S3', () => run((seed) => proxyTrial({ stage, seed, rate: 0.3, deeds: times(5, 3), behind: 'S3' })))
})
