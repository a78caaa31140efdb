// casync with a store of chunks in a folder.
import { checkSame, sizeOf } from '../measure/folders.ts'
import { STEP, type Tool } from './tool.ts'

export const casync: Tool = {
  name: 'casync',
  programs: ['casync'],
  packages: 'casync',
  once: true,
  async run({ set, at, live, time, add }) {
    const [store, copy] = [at('store.castr'), at('copy')]
    const casync = (verb: string, ...words: string[]) =>
      time(['casync', verb, '--with=unix', `--store=${store}`, ...words])
    async function make(step: string, index: string, source: string): Promise<void> {
      const before = sizeOf(store)
      const usage = await casync('make', index, source)
      const stored = sizeOf(store) - before + sizeOf(index)
      add({ step, tool: 'casync', ...usage, sent: stored, stored })
    }

    await live('v1', (source) => make(STEP.push, at('v1.caidx'), source))
    add({ step: STEP.pull, tool: 'casync', ...(await casync('extract', at('v1.caidx'), copy)) })
    await checkSame(set.v1, copy)
    await live('v2', (source) => make(STEP.pushNext, at('v2.caidx'), source))
    add({ step: STEP.update, tool: 'casync', ...(await casync('extract', at('v2.caidx'), copy)) })
    await checkSame(set.v2, copy, { extraAllowed: true })
  },
}
