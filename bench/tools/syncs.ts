// How often a pull waits for the disk: its calls of fsync and its kin, as strace sees them.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { checkSame } from '../measure/folders.ts'
import { withHub } from './aetherfs-parts.ts'
import { DATASET } from './client.ts'
import { STEP, type Tool } from './tool.ts'

const CALLS = 'fsync,fdatasync,syncfs,sync,sync_file_range'

export const countSyncs: Tool = {
  name: 'aetherfs, under strace',
  programs: ['strace'],
  packages: 'strace',
  once: true,
  run: (stage) =>
    withHub(stage, async (client, hub) => {
      const { live, at, time, add, program, set } = stage
      await live('v1', (source) => client.push(source, 'latest'))
      const strace = ['strace', '-f', '--seccomp-bpf', '-o', at('calls'), '-e', `trace=${CALLS}`]
      const pull = [program, 'pull', at('target'), `${DATASET}:latest`, '--no-progress']
      const { stdout: _, ...usage } = await time([...strace, ...pull], { env: { AETHERFS_HOST: hub.host } })
      await checkSame(set.v1, join(at('target'), DATASET, 'latest'))
      add({ step: STEP.pull, tool: countSyncs.name, ...usage, syncs: countCalls(readFileSync(at('calls'), 'utf8')) })
    }),
}

/** A call that another thread interrupts has a second line, which says "resumed". */
export function countCalls(trace: string): number {
  return trace.split('\n').filter((line) => /^\d+ +[a-z_]*sync[a-z_]*\(/.test(line)).length
}
