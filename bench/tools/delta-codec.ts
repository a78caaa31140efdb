// Encoding and applying a delta, without hub, network and disk.
import { join } from 'node:path'
import type { CodecUsage } from '../delta-codec.ts'
import type { Stage } from '../stage.ts'
import { STEP, type Tool } from './tool.ts'

const SCRIPT = join(import.meta.dirname, '../delta-codec.ts')

export const deltaCodec: Tool = {
  name: 'aetherfs, codec alone',
  programs: [],
  packages: '',
  async run(stage) {
    await run(stage, 'encode', STEP.encode)
    await run(stage, 'apply', STEP.apply)
  },
}

async function run({ set, at, time, add }: Stage, work: string, step: string): Promise<void> {
  const { peak, stdout } = await time([process.execPath, SCRIPT, work, set.v1, set.v2, at('delta')])
  const { wall, cpu, content, bytes } = JSON.parse(stdout) as CodecUsage
  add({ step, tool: deltaCodec.name, wall, cpu, peak, content, sent: bytes })
}
