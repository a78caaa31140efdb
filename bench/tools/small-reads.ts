// Many small reads: ranges over HTTP beside nginx, and reads here and there through a mount beside a FUSE that does nothing.
import { join } from 'node:path'
import type { ManyRequests } from '../http-ranges.ts'
import type { MountReads } from '../mount-reads.ts'
import type { Stage } from '../stage.ts'
import { STEP, type Tool } from './tool.ts'

/** Names that the scripts give. */
export const BY_NGINX = 'nginx'
export const BY_DIGEST = '/fs/ by digest'
export const BY_TAG = '/fs/ by tag'
export const FREE_FUSE = 'FUSE, bytes for nothing'
export const FRAMES = 'mount, frames cached'

const STEP_OF = { first: STEP.read, again: STEP.readAgain, random: STEP.random } as const

/** Unpacks nginx and wrk by itself. */
export const httpRanges: Tool = {
  name: 'ranges over HTTP',
  programs: ['apt-get'],
  packages: 'apt',
  once: true, // it takes turns and rounds by itself
  async run(stage) {
    for (const usage of await linesOf<ManyRequests>(stage, 'http-ranges.ts')) stage.add({ step: STEP.ranges, ...usage })
  },
}

export const mountReads: Tool = {
  name: 'reads of a mount',
  programs: ['mount', 'umount', 'python3'],
  packages: 'mount python3',
  async run(stage) {
    for (const { how, ...usage } of await linesOf<MountReads>(stage, 'mount-reads.ts'))
      stage.add({ step: STEP_OF[how], ...usage })
  },
}

async function linesOf<T>(stage: Stage, script: string): Promise<T[]> {
  const words = [process.execPath, join(import.meta.dirname, '..', script)]
  const { stdout } = await stage.time(words, { env: { UV_THREADPOOL_SIZE: '12' } })
  return stdout
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as T)
}
