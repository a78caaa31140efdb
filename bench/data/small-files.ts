// Many small files of text. A night later 1 % of them are changed, 0.5 % are gone and as many are new.
import { linkSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { createRandom } from './random.ts'

const IN_FOLDER = 200

export function makeSmallFiles(v1: string, v2: string, count: number, meanBytes: number): void {
  for (let i = 0; i < count; i++) {
    const path = pathOf(i)
    if (i % IN_FOLDER === 0) for (const version of [v1, v2]) mkdirSync(dirname(join(version, path)))
    writeFileSync(join(v1, path), textOf(i, 1, meanBytes))
    if (i % IN_FOLDER === 10) continue // gone
    if (i % 100 === 50) writeFileSync(join(v2, path), textOf(i, 2, meanBytes))
    else linkSync(join(v1, path), join(v2, path))
    if (i % IN_FOLDER === 20) writeFileSync(join(v2, `${path}.new`), textOf(i, 3, meanBytes))
  }
}

function pathOf(index: number): string {
  const folder = String(Math.floor(index / IN_FOLDER)).padStart(3, '0')
  return join(folder, `note-${String(index).padStart(6, '0')}.json`)
}

/** From next to nothing to twice the mean. */
function textOf(index: number, version: number, meanBytes: number): string {
  const random = createRandom(version * 1e7 + index)
  const words = Math.ceil((random.below(2 * meanBytes) + 1) / 5.94)
  return `${JSON.stringify({ index, version, text: random.words(words) })}\n`
}
