// restic with a repository in a folder. What it does at its start, such as deriving its key, is part of each step, as it
// is for its users; making the repository is not.
import { join } from 'node:path'
import { checkSame, sizeOf } from '../measure/folders.ts'
import type { Stage } from '../stage.ts'
import { STEP, type Tool } from './tool.ts'

export const restic: Tool = {
  name: 'restic',
  programs: ['restic'],
  packages: 'restic',
  async run(stage) {
    const { set, at, live, time } = stage
    const env = { RESTIC_REPOSITORY: at('repository'), RESTIC_PASSWORD: 'bench', RESTIC_CACHE_DIR: at('restic-cache') }
    const restic = (...words: string[]) => time(['restic', '-q', ...words], { env })
    await restic('init', '--repository-version', '2')

    await live('v1', async (source) => {
      await backup(stage, STEP.push, () => restic('backup', '--compression', 'auto', source))
      await backup(stage, STEP.again, () => restic('backup', '--compression', 'auto', source))
    })
    const copy = at('copy')
    const restored = join(copy, join(stage.folder, '..', 'live'))
    stage.add({ step: STEP.pull, tool: 'restic', ...(await restic('restore', 'latest', '--target', copy)) })
    await checkSame(set.v1, restored)
    await live('v2', (source) => backup(stage, STEP.pushNext, () => restic('backup', '--compression', 'auto', source)))
    stage.add({ step: STEP.update, tool: 'restic', ...(await restic('restore', 'latest', '--target', copy)) })
    await checkSame(set.v2, restored, { extraAllowed: true })
  },
}

async function backup({ at, add }: Stage, step: string, run: () => ReturnType<Stage['time']>): Promise<void> {
  const before = sizeOf(at('repository'))
  const usage = await run()
  const stored = sizeOf(at('repository')) - before
  add({ step, tool: 'restic', ...usage, sent: stored, stored })
}
