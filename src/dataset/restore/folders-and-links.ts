// Makes what is no file. Links come last of all: nothing is ever written through one.
import { lutimesSync, symlinkSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import { secondsOf } from './disk-time.ts'
import type { FilePlan } from './file-plan.ts'
import type { Pace } from './pace.ts'
import { makeFolder } from './parent-folders.ts'

export interface MakeOptions {
  root: string
  makeParents: (path: string) => void
  pace: Pace
}

export async function makeFoldersAndLinks(plan: FilePlan, { root, makeParents, pace }: MakeOptions): Promise<void> {
  for (const kind of ['folder', 'link'] as const) {
    for (const [i, entry] of plan.entries.entries()) {
      if (entry.kind !== kind || !plan.wanted[i]) continue
      const path = join(root, entry.path)
      makeParents(entry.path)
      if (entry.kind === 'folder') makeEmptyFolder(path, secondsOf(plan.micros[i]!))
      else if (entry.kind === 'link') makeLink(path, entry.target, secondsOf(plan.micros[i]!))
      if (pace.due()) await pace.rest()
    }
  }
}

function makeEmptyFolder(path: string, seconds: number): void {
  makeFolder(path)
  utimesSync(path, seconds, seconds)
}

function makeLink(path: string, target: string, seconds: number): void {
  symlinkSync(target, path)
  lutimesSync(path, seconds, seconds)
}
