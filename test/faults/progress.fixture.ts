// How far pushes and pulls have come, by what they leave on disk for the next one.
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'

/** Blocks that an interrupted push has a receipt for. @param home of who pushes */
export function journaledBlocks(home: string): { id: string; size: number }[] {
  const folder = join(home, '.cache/aetherfs/uploads')
  if (!existsSync(folder)) return []
  const lines = readdirSync(folder).flatMap((name) => readFileSync(join(folder, name), 'utf8').split('\n').slice(0, -1))
  return lines.map((line) => JSON.parse(line) as { id: string; size: number })
}

export function journaledBytes(home: string): number {
  return journaledBlocks(home).reduce((sum, { size }) => sum + size, 0)
}

/** Bytes of the files that an interrupted pull has built so far. */
export function incomingBytes(target: string): number {
  const folder = join(target, '.aetherfs/incoming')
  if (!existsSync(folder)) return 0
  const names = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  return names.reduce(
    (sum, { parentPath, name }) => sum + (statSync(join(parentPath, name), { throwIfNoEntry: false })?.size ?? 0),
    0,
  )
}
