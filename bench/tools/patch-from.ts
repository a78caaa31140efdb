// What zstd makes of each file that changed when it knows the one before: whole files, each by itself. New ones are
// compressed as usual.
import { readdirSync, statSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { sizeOf } from '../measure/folders.ts'
import { STEP, type Tool } from './tool.ts'

const NAME = 'zstd --patch-from'

export const patchFrom: Tool = {
  name: NAME,
  programs: ['zstd'],
  packages: 'zstd',
  once: true,
  async run({ set, at, time, add }) {
    const out = at('patches')
    writeFileSync(at('make-patches'), ['set -e', 'mkdir "$1"', ...commands(set.v1, set.v2)].join('\n'))
    const usage = await time(['sh', at('make-patches'), out])
    add({ step: STEP.update, tool: NAME, ...usage, sent: sizeOf(out) })
  },
}

function commands(before: string, after: string): string[] {
  const found = readdirSync(after, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  const paths = found.map((entry) => relative(after, join(entry.parentPath, entry.name)))
  return paths.flatMap((path, i) => {
    const [old, fresh] = [join(before, path), join(after, path)]
    const was = statSync(old, { throwIfNoEntry: false })
    if (was === undefined) return `zstd -3 -q ${quoted(fresh)} -o "$1/${i}"`
    if (was.ino === statSync(fresh).ino) return [] // files that both versions have are one
    return `zstd -3 -q --long=31 --patch-from=${quoted(old)} ${quoted(fresh)} -o "$1/${i}"`
  })
}

function quoted(path: string): string {
  return `'${path.replaceAll("'", `'\\''`)}'`
}
