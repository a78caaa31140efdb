// A process that pulls two versions in turn, for ever, and says on stdout each step that it takes; to be killed.
// Argument: the target.
import { writeSync } from 'node:fs'
import { parseReference } from '../../../core/reference.ts'
import { pull } from '../pull.ts'
import { createMemoryHub } from './memory-hub.fixture.ts'
import { VERSIONS } from './versions.fixture.ts'

const hub = createMemoryHub()
const target = process.argv[2]!
const say = (text: string) => void writeSync(1, `${text}\n`)

hub.onBlock = (_, bytes) => {
  say('block')
  return bytes
}
for (let turn = 0; ; turn++) {
  await hub.publish('db:latest', VERSIONS[turn % 2]!)
  const sync = async () => say('sync')
  const reference = parseReference('db')
  // Nothing is kept, so that every turn builds, switches and removes.
  const options = { connection: hub.connection, reference, target, keep: 0, onProgress: () => say('progress') }
  await pull(options, { sync })
  say('pulled')
}
