// The same as storage-faults.heavy.ts, with what fails between the programs: on the way from clients to hubs, which are
// processes of their own here, and from hubs to an S3. AETHERFS_FAULT_SECONDS says for how long.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { proxyTrial } from './trial/proxy-trial.fixture.ts'
import { openStage, type Stage } from './trial/stage.fixture.ts'
import { describeTrials, runTrials, successRate } from './trial/trials.fixture.ts'

const SECONDS = Number(process.env.AETHERFS_FAULT_SECONDS ?? 60) / 5

describe('a network that fails', () => {
  let stage: Stage
  before(async () => {
    stage = await openStage()
  })
  after(() => stage[Symbol.asyncDispose]())

  it('between clients and hubs costs them time, and hardly ever a deed', async () => {
    const trial = (seed: number, end: number) =>
      proxyTrial({ stage, seed, end, rate: 0.3, deeds: 25, behind: 'hub processes' })
    const report = await runTrials({ seconds: SECONDS, atOnce: 4, trial })
    console.log(describeTrials(report))
    assert.ok(successRate(report) > 0.8, `${successRate(report)} of the deeds came to their end`)
  })

  it('between hubs and their S3 costs them time, and hardly ever a deed', async () => {
    const trial = (seed: number, end: number) => proxyTrial({ stage, seed, end, rate: 0.3, deeds: 25, behind: 'S3' })
    const report = await runTrials({ seconds: SECONDS, atOnce: 4, trial })
    console.log(describeTrials(report))
    assert.ok(successRate(report) > 0.8, `${successRate(report)} of the deeds came to their end`)
  })
})
