// A stream of all files under zstd: what compression alone costs and gains.
import { mkdirSync } from 'node:fs'
import { checkSame, sizeOf } from '../measure/folders.ts'
import { STEP, type Tool } from './tool.ts'

const NAME = 'tar | zstd -3'
const PACK = 'tar -C "$1" -cf - . | zstd -3 -q -f -o "$2"'

export const tarZstd: Tool = {
  name: NAME,
  programs: ['tar', 'zstd'],
  packages: 'tar zstd',
  async run({ set, at, round, time, add }) {
    const archive = at('archive.tar.zst')
    const packed = await time(['sh', '-c', PACK, 'sh', set.v1, archive])
    add({ step: STEP.push, tool: NAME, ...packed, sent: sizeOf(archive), stored: sizeOf(archive) })
    mkdirSync(at('copy'))
    const unpack = ['sh', '-c', 'zstd -dcq "$1" | tar -C "$2" -xf -', 'sh', archive, at('copy')]
    add({ step: STEP.pull, tool: NAME, ...(await time(unpack)) })
    await checkSame(set.v1, at('copy'))
    if (round > 1) return
    const next = await time(['sh', '-c', PACK, 'sh', set.v2, archive])
    add({ step: STEP.pushNext, tool: NAME, ...next, sent: sizeOf(archive), stored: sizeOf(archive) })
  },
}
