// The least that it can cost: hash everything, look at everything, copy everything.
import { checkSame } from '../measure/folders.ts'
import { STEP, type Tool } from './tool.ts'

export const sha256sum: Tool = {
  name: 'sha256sum',
  programs: ['find', 'xargs', 'sha256sum'],
  packages: 'coreutils findutils',
  async run({ set, time, add }) {
    const hashAll = ['sh', '-c', 'find "$1" -type f -print0 | xargs -0 sha256sum > /dev/null', 'sh', set.v1]
    add({ step: STEP.read, tool: 'sha256sum', ...(await time(hashAll)) })
  },
}

export const find: Tool = {
  name: 'find -printf',
  programs: ['find'],
  packages: 'findutils',
  async run({ set, time, add }) {
    const lookAtAll = ['sh', '-c', `find "$1" -printf '%s %T@ %p\\n' > /dev/null`, 'sh', set.v1]
    add({ step: STEP.again, tool: 'find -printf', ...(await time(lookAtAll)) })
  },
}

export const cp: Tool = {
  name: 'cp -r',
  programs: ['cp', 'sync'],
  packages: 'coreutils',
  async run({ set, at, time, add, discard }) {
    add({ step: STEP.pull, tool: 'cp -r', ...(await time(['cp', '-r', set.v1, at('copy')])) })
    await checkSame(set.v1, at('copy'))
    await discard(at('copy'))
    const copyAndSync = ['sh', '-c', 'cp -r "$1" "$2" && sync -f "$2"', 'sh', set.v1, at('copy')]
    add({ step: STEP.pull, tool: 'cp -r, sync', ...(await time(copyAndSync)) })
    await checkSame(set.v1, at('copy'))
  },
}
