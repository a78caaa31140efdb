// Many clients that pull at the same time, each a process of its own.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { checkSame, settle } from '../measure/folders.ts'
import { startHub } from '../measure/hub.ts'
import { measure } from '../measure/measure.ts'
import { createClient, DATASET } from './client.ts'
import { STEP, type Tool } from './tool.ts'

const CLIENTS = 64

export const fleet: Tool = {
  name: `aetherfs, ${CLIENTS} clients`,
  programs: [],
  packages: '',
  once: true,
  async run(stage) {
    const { at, env, live, program, set } = stage
    mkdirSync(at('store'))
    await using hub = await startHub({ program, store: at('store'), log: at('hub.log'), env })
    await live('v1', (source) => createClient(stage, hub, at('store')).push(source, 'latest'))
    const targets = Array.from({ length: CLIENTS }, (_, i) => at(`target-${i}`))
    await settle()
    const started = performance.now()
    const { result: all, hub: used } = await hub.during(() =>
      Promise.all(
        targets.map((target) =>
          measure([program, 'pull', target, `${DATASET}:latest`, '--no-progress'], {
            env: { ...env, AETHERFS_HOST: hub.host },
          }),
        ),
      ),
    )
    stage.add({
      step: STEP.pull,
      tool: fleet.name,
      wall: (performance.now() - started) / 1000,
      cpu: all.reduce((sum, { cpu }) => sum + cpu, 0),
      peak: Math.max(...all.map(({ peak }) => peak)),
      hub: used,
      content: set.contents.v1.bytes * CLIENTS,
    })
    for (const target of targets) await checkSame(set.v1, join(target, DATASET, 'latest'))
  },
}
