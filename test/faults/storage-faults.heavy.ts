// Push, pull, update, tag, rollback, rm and verify while three in ten calls to the store go wrong in every way that a store
// knows. What each trial checks: test/faults/trial/trial.fixture.ts. AETHERFS_FAULT_SECONDS says for how long.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { openStage, type Stage } from './trial/stage.fixture.ts'
import { allFaults, storageTrial } from './trial/storage-trial.fixture.ts'
import { describeTrials, runTrials, successRate } from './trial/trials.fixture.ts'

const SECONDS = Number(process.env.AETHERFS_FAULT_SECONDS ?? 60) / 5

describe('a store that fails', () => {
  let stage: Stage
  before(async () => {
    stage = await openStage()
  })
  after(() => stage[Symbol.asyncDispose]())

  it('costs a bare hub whole deeds, and nothing is half done', async () => {
    const rates = [0.03, 0.1, 0.3]
    const trial = (seed: number, end: number) =>
      storageTrial({ stage, seed, end, rates: allFaults(rates[seed % rates.length]!), hardened: false, deeds: 25 })
    const report = await runTrials({ seconds: SECONDS, atOnce: 6, trial })
    console.log(describeTrials(report))
  })

  it('costs a hub as it is run time, and hardly ever a deed', async () => {
    const trial = (seed: number, end: number) =>
      storageTrial({ stage, seed, end, rates: allFaults(0.3), hardened: true, deeds: 25 })
    const report = await runTrials({ seconds: SECONDS, atOnce: 8, trial })
    console.log(describeTrials(report))
    assert.ok(successRate(report) > 0.95, `${successRate(report)} of the deeds came to their end`)
  })
  it('and gives wrong bytes is found out each time', async () => {
    const rates = { flipped: 0.3, truncated: 0.1 }
    const trial = (seed: number, end: number) => storageTrial({ stage, seed, end, rates, hardened: false, deeds: 25 })
    const report = await runTrials({ seconds: SECONDS, atOnce: 3, trial })
    console.log(describeTrials(report))
    assert.ok(report.injected.flipped! > 10, 'too few bits were flipped to tell anything')
  })
})
