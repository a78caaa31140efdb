// What the bench compares: AetherFS and its peers, each with the steps that it has something for.
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import type { Stage } from '../stage.ts'

export interface Tool {
  name: string
  /** Programs that it needs. */
  programs: readonly string[]
  /** Debian packages that have them. */
  packages: string
  /** Slow and in no target: takes part in the first round only. */
  once?: boolean
  run(stage: Stage): Promise<void>
}

/** The steps that several tools have. */
export const STEP = {
  read: 'read v1',
  push: 'push v1',
  again: 'push v1 again',
  pull: 'pull v1',
  pushNext: 'push v2',
  firstUpdate: 'first update to v2',
  update: 'update to v2',
  pullNext: 'pull v2',
  linkUpdate: 'update to v2 over link',
  linkPull: 'pull v2 over link',
  encode: 'encode delta',
  apply: 'apply delta',
  readWarm: 'read, folder cache warm',
  readAgain: 'read again',
  random: '4 KiB here and there',
  ranges: 'ranges of 64 KiB, 64 clients',
  usable: 'mount until it answers',
  list: 'list',
  listWarm: 'list, after another mount',
  listAgain: 'list again',
} as const

export function isInstalled(program: string): boolean {
  if (program.includes('/')) return isExecutable(program)
  return (process.env.PATH ?? '').split(delimiter).some((folder) => isExecutable(join(folder, program)))
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
