// One scenario: its tools take turns, in another order in each round, so that no tool always has the same neighbour.
import type { DataSet } from './data/data-sets.ts'
import type { Samples } from './measure/samples.ts'
import type { Trash } from './measure/trash.ts'
import type { Scenario } from './scenarios.ts'
import { onStage } from './stage.ts'
import type { Tool } from './tools/tool.ts'

export interface Rounds {
  /** The work folder. */
  folder: string
  set: DataSet
  runs: number
  samples: Samples
  /** Path of aetherfs. */
  program: string
  trash: Trash
  /** Folder for a profile of each of our processes. */
  profiles?: string
}

export async function runScenario({ name, tools }: Scenario, { set, runs, ...rest }: Rounds): Promise<void> {
  for (let round = 1; round <= runs; round++) {
    const present = tools.filter(({ once }) => round === 1 || !once)
    for (const tool of inTurn(present, round - 1)) await onStage({ scenario: name, set, round, ...rest }, tool.run)
  }
}

/** Begins one further in each round, and goes the other way in every second one. */
export function inTurn(tools: readonly Tool[], round: number): Tool[] {
  const first = tools.length === 0 ? 0 : round % tools.length
  const order = [...tools.slice(first), ...tools.slice(0, first)]
  return round % 2 === 0 ? order : order.reverse()
}
