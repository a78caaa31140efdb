// borg with a repository in a folder, not encrypted, with the compression that AetherFS has.
import { mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { checkSame, sizeOf } from '../measure/folders.ts'
import { STEP, type Tool } from './tool.ts'

export const borg: Tool = {
  name: 'borg',
  programs: ['borg'],
  packages: 'borgbackup',
  once: true,
  async run({ set, at, live, time, add }) {
    const [repository, copy] = [at('repository'), at('copy')]
    const env = { BORG_BASE_DIR: at('borg'), BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK: 'yes' }
    const borg = (cwd: string, ...words: string[]) => time(['borg', ...words], { env, cwd })
    async function create(step: string, name: string, source: string): Promise<void> {
      const before = sizeOf(repository)
      const usage = await borg(dirname(source), 'create', '-C', 'zstd,3', `${repository}::${name}`, 'live')
      const stored = sizeOf(repository) - before
      add({ step, tool: 'borg', ...usage, sent: stored, stored })
    }

    mkdirSync(copy)
    await borg(copy, 'init', '-e', 'none', repository)
    await live('v1', async (source) => {
      await create(STEP.push, 'v1', source)
      await create(STEP.again, 'v1-again', source)
    })
    add({ step: STEP.pull, tool: 'borg', ...(await borg(copy, 'extract', `${repository}::v1`)) })
    await checkSame(set.v1, join(copy, 'live'))
    await live('v2', (source) => create(STEP.pushNext, 'v2', source))
    add({ step: STEP.update, tool: 'borg', ...(await borg(copy, 'extract', `${repository}::v2`)) })
    await checkSame(set.v2, join(copy, 'live'), { extraAllowed: true })
  },
}
