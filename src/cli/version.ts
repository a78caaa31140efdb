// aetherfs version: answers at once, so it loads nothing that it does not print.
import { readPackageInfo } from './package-info.ts'
import type { Verb } from './verb.ts'

export const version: Verb = {
  readsConfig: false,
  define() {},
  examples: [
    ['aetherfs version', 'the version of this program'],
    ['aetherfs version --json', 'with those of Node and the platform'],
  ],
  exits: [],
  async run({ out }) {
    const info = readPackageInfo()
    if (out.json)
      await out.value({
        version: info.version,
        node: process.versions.node,
        platform: `${process.platform}-${process.arch}`,
      })
    else await out.line(`aetherfs ${info.version}`)
    return undefined
  },
}
