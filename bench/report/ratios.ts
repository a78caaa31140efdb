// Numbers out of samples and of other numbers, undefined where something was not measured.
import type { Sample, Samples } from '../measure/samples.ts'
import { medianOf } from './stats.ts'

export type Pick = (scenario: string, step: string, tool?: string) => number | undefined

/** The median of something over the samples of a step by a tool, AetherFS unless another is named. */
export function picker(samples: Samples, of: (sample: Sample) => number | undefined): Pick {
  return (scenario, step, tool) => medianOf(samples.of(scenario, step, tool), of)
}

export function over(one: number | undefined, other: number | undefined): number | undefined {
  return one === undefined || other === undefined ? undefined : one / other
}

export function minus(one: number | undefined, other: number | undefined): number | undefined {
  return one === undefined || other === undefined ? undefined : one - other
}

export function twice(value: number | undefined): number | undefined {
  return value === undefined ? undefined : value * 2
}

export function most(...values: (number | undefined)[]): number | undefined {
  const known = values.filter((value) => value !== undefined)
  return known.length === 0 ? undefined : Math.max(...known)
}
