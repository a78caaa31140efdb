// What was measured: one sample for each run of a step by a tool.
import type { HubUsage } from './hub.ts'
import type { Usage } from './measure.ts'

export interface Sample extends Omit<Usage, 'stdout'> {
  scenario: string
  step: string
  tool: string
  hub?: HubUsage
  /** Bytes that went to the other side, or came from there, in the direction of the step. */
  sent?: number
  /** Bytes that the store has more than before. */
  stored?: number
  /** Part of the link that was filled, from 0 to 1. */
  fill?: number
  /** Plain bytes of what was pushed or pulled. */
  content?: number
  /** Seconds that one of many small reads took. */
  latency?: { median: number; p99: number }
  /** Calls that wait for the disk. */
  syncs?: number
}

export interface Samples {
  all: readonly Sample[]
  add(sample: Sample): void
  of(scenario: string, step: string, tool?: string): Sample[]
}

export function createSamples(onSample: (sample: Sample) => void): Samples {
  const all: Sample[] = []
  return {
    all,
    add(sample) {
      all.push(sample)
      onSample(sample)
    },
    of: (scenario, step, tool = 'aetherfs') =>
      all.filter((one) => one.scenario === scenario && one.step === step && one.tool === tool),
  }
}
