// All verbs, in the order of help. A verb is loaded when it is asked for, so that "version" does not wait for "run".
import type { Verb } from './verb.ts'

export interface VerbEntry {
  name: string
  summary: string
  load(): Promise<Verb>
  hidden?: boolean
}

export const VERBS: readonly VerbEntry[] = [
  { name: 'run', summary: 'run a hub', load: async () => (await import('./run.ts')).run },
  { name: 'push', summary: 'push a folder, an archive or a file', load: async () => (await import('./push.ts')).push },
  { name: 'pull', summary: 'pull datasets into a folder', load: async () => (await import('./pull.ts')).pull },
  {
    name: 'mount',
    summary: 'mount a dataset as a folder',
    load: async () => (await import('./mount.ts')).mount,
  },
  { name: 'ls', summary: 'list datasets, tags or files', load: async () => (await import('./ls.ts')).ls },
  { name: 'show', summary: 'show what is known of a snapshot', load: async () => (await import('./show.ts')).show },
  {
    name: 'diff',
    summary: 'show what differs between two snapshots',
    load: async () => (await import('./diff.ts')).diff,
  },
  { name: 'log', summary: 'show how tags moved', load: async () => (await import('./log.ts')).log },
  { name: 'tag', summary: 'point a tag to a snapshot', load: async () => (await import('./tag.ts')).tag },
  {
    name: 'rollback',
    summary: 'point a channel back to where it was before',
    load: async () => (await import('./rollback.ts')).rollback,
  },
  { name: 'rm', summary: 'remove tags', load: async () => (await import('./rm.ts')).rm },
  {
    name: 'verify',
    summary: 'check the files of a pulled folder, or a store',
    load: async () => (await import('./verify.ts')).verify,
  },
  {
    name: 'version',
    summary: 'show the version of this program',
    load: async () => (await import('./version.ts')).version,
  },
  {
    name: 'completion',
    summary: 'print a completion script for a shell',
    load: async () => (await import('./completion.ts')).completion,
  },
  {
    name: 'complete',
    summary: 'answer a shell that completes',
    load: async () => (await import('./complete.ts')).complete,
    hidden: true,
  },
]
