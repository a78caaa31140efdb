// Where a tool works in one round of a scenario, and how it measures and tells.
import { mkdirSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import type { DataSet } from './data/data-sets.ts'
import { settle } from './measure/folders.ts'
import { type MeasureOptions, measure, type Usage } from './measure/measure.ts'
import type { Sample, Samples } from './measure/samples.ts'
import type { Trash } from './measure/trash.ts'

export interface Stage {
  scenario: string
  set: DataSet
  /** Of all runs of this scenario, from 1. */
  round: number
  /** An empty folder of its own. */
  folder: string
  /** Path of aetherfs. */
  program: string
  /** Without settings of whoever runs this. */
  env: NodeJS.ProcessEnv
  /** Path below the tool's folder. */
  at(name: string): string
  /** Measures a command with everything else at rest. */
  time(words: readonly string[], options?: MeasureOptions): Promise<Usage>
  /** Gets rid of what a tool made. */
  discard(path: string): Promise<void>
  /** Keeps what was measured. */
  add(sample: Omit<Sample, 'scenario'>): void
  /**
   * Has a version of the data at a path that is the same for both while `work` goes on: for tools that remember what they
   * saw where.
   */
  live<T>(version: 'v1' | 'v2', work: (source: string) => Promise<T>): Promise<T>
}

export interface StageOptions {
  scenario: string
  set: DataSet
  round: number
  /** The work folder. */
  folder: string
  samples: Samples
  program: string
  trash: Trash
  /** Folder for a profile of each of our processes. */
  profiles?: string
}

/** The folder is gone after `work`. */
export async function onStage(options: StageOptions, work: (stage: Stage) => Promise<void>): Promise<void> {
  const { scenario, set, round, samples, program, trash } = options
  const folder = join(options.folder, 'scratch')
  const source = join(options.folder, 'live')
  await trash.take(folder)
  mkdirSync(folder)
  const env = cleanEnvironment(options.folder, folder, options.profiles)
  const stage: Stage = {
    scenario,
    set,
    round,
    program,
    folder,
    env,
    at: (name) => join(folder, name),
    async time(words, extra = {}) {
      await settle()
      return measure(words, { ...extra, env: { ...env, ...extra.env } })
    },
    discard: trash.take,
    add: (sample) => samples.add({ scenario, ...sample }),
    async live(version, use) {
      renameSync(set[version], source)
      try {
        return await use(source)
      } finally {
        renameSync(source, set[version])
      }
    },
  }
  try {
    await work(stage)
  } finally {
    await trash.take(folder)
  }
}

/** Neither settings nor caches of whoever runs this have a part in it. Compiled code is kept, as for every user. */
function cleanEnvironment(work: string, folder: string, profiles: string | undefined): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(([name]) => !/^(AETHERFS_|XDG_|RESTIC_|BORG_|NODE_)/.test(name))
  return {
    ...Object.fromEntries(own),
    LC_ALL: 'C',
    HOME: folder,
    XDG_CACHE_HOME: join(folder, 'cache'),
    XDG_CONFIG_HOME: join(folder, 'config'),
    NODE_COMPILE_CACHE: join(work, 'compiled'),
    ...(profiles && { NODE_OPTIONS: `--cpu-prof --cpu-prof-dir=${JSON.stringify(profiles)}` }),
  }
}
