// rsync from folder to folder: a copy, a copy that is there already, an update of it; and how much its delta transfer
// would send over a network.
import { checkSame } from '../measure/folders.ts'
import { STEP, type Tool } from './tool.ts'

export const rsync: Tool = {
  name: 'rsync -a',
  programs: ['rsync'],
  packages: 'rsync',
  async run({ set, at, round, time, add, discard }) {
    const [v1, v2, copy] = [`${set.v1}/`, `${set.v2}/`, at('copy')]
    async function sync(from: string, ...options: string[]) {
      const usage = await time(['rsync', '-a', '--stats', ...options, from, copy])
      await checkSame(from.slice(0, -1), copy)
      return { ...usage, sent: bytesSent(usage.stdout) }
    }
    add({ step: STEP.pull, tool: 'rsync -a', ...(await sync(v1)) })
    add({ step: STEP.again, tool: 'rsync -a', ...(await sync(v1)) })
    add({ step: STEP.update, tool: 'rsync -a', ...(await sync(v2, '--delete')) })
    // Bytes are the same every time, and that is what this is for.
    if (round > 1) return
    await discard(copy)
    await sync(v1)
    const onlyChanges = await sync(v2, '--delete', '--no-whole-file')
    add({ step: STEP.update, tool: 'rsync --no-whole-file', ...onlyChanges })
  },
}

/** Its delta transfer alone. */
export const rsyncDelta: Tool = {
  name: 'rsync --no-whole-file',
  programs: ['rsync'],
  packages: 'rsync',
  async run({ set, at, time, add }) {
    const copy = at('copy')
    await time(['rsync', '-a', `${set.v1}/`, copy])
    const usage = await time(['rsync', '-a', '--stats', '--delete', '--no-whole-file', `${set.v2}/`, copy])
    await checkSame(set.v2, copy)
    add({ step: STEP.update, tool: rsyncDelta.name, ...usage, sent: bytesSent(usage.stdout) })
  },
}

function bytesSent(stats: string): number {
  const [, bytes] = /^Total bytes sent: ([\d,]+)$/m.exec(stats) ?? []
  if (bytes === undefined) throw new Error(`rsync does not say how many bytes it sent:\n${stats}`)
  return Number(bytes.replaceAll(',', ''))
}
